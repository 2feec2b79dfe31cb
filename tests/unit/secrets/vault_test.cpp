// The rules: scopes, events, expiry, the lines of the log.
#include <filesystem>
#include <thread>

#include "tests/catch.h"
#include "tests/unit/secrets/vault_rig.h"

using namespace rfs;
using namespace rfs::test;

TEST_CASE("values come back byte for byte") {
  VaultRig rig;
  auto vault = rig.open();
  std::string binary;
  for (int i = 0; i < 70'000; ++i) binary += static_cast<char>(i * 7);
  for (const std::string& value : {std::string(), std::string("x"), std::string("no newline"), std::string("\n\n\n"),
                                   std::string("\0a\0", 3), binary, std::string(Vault::kMaxValue, 'z')}) {
    REQUIRE(vault->put(kRepo, "A", secret_of(value), {}, rig.who));
    auto read = vault->open_effective("A", rig.who);
    REQUIRE(read);
    CHECK(text_of(*read) == value);
    CHECK((*read)->info.size == value.size());
  }
  CHECK(vault->put(kRepo, "A", secret_of(std::string(Vault::kMaxValue + 1, 'z')), {}, rig.who).error().code ==
        Code::kTooLarge);
  // And by another process.
  auto other = rig.open();
  CHECK(text_of(*other->open_effective("A", rig.who)) == std::string(Vault::kMaxValue, 'z'));
}

TEST_CASE("the narrowest scope wins, and only matching ones are read") {
  VaultRig rig;
  auto vault = rig.open();
  for (const auto& [scope, value] :
       {std::pair(kGlobal, "global"), {kRepo, "repo"}, {kWorkflow, "workflow"}, {kRunner, "runner"}, {kOther, "other"}})
    REQUIRE(vault->put(scope, "A", secret_of(value), {}, rig.who));
  for (const auto& [scope, value] :
       {std::pair(kRunner, "runner"), {kWorkflow, "workflow"}, {kRepo, "repo"}, {kGlobal, "global"}}) {
    CHECK(text_of(*vault->open_effective("A", rig.who)) == value);
    CHECK(vault->list_effective()->size() == 1);
    CHECK(vault->list_effective()->at(0).scope == scope);
    CHECK(text_of(*vault->open_scoped(scope, "A", rig.who)) == value);
    REQUIRE(vault->remove(scope, "A", rig.who));
  }
  rig.lines->clear();
  CHECK(vault->open_effective("A", rig.who).error().code == Code::kNotFound);
  CHECK(vault->open_scoped(kOther, "A", rig.who).error().code == Code::kDenied);
  CHECK(vault->open_effective("NOBODY_HAS_IT", rig.who).error().code == Code::kNotFound);
  CHECK(rig.lines->words() == std::vector<std::string>{"denied A scope_mismatch", "denied A scope_mismatch"});
  // Its owner may see, replace and remove it.
  CHECK(vault->list_scope(kOther)->size() == 1);
  CHECK_FALSE(vault->find_scoped(kOther, "A")->readable);
  CHECK(vault->scopes().value() == std::vector<Scope>{kOther});
  CHECK(vault->put(kOther, "A", secret_of("new"), {}, rig.who));
  CHECK(vault->remove(kOther, "A", rig.who));
}

TEST_CASE("many are stored together, or none of them") {
  VaultRig rig;
  auto vault = rig.open();
  REQUIRE(vault->put(kRepo, "B", secret_of("old"), {}, rig.who));
  rig.lines->clear();
  Vault::Put hour;
  hour.ttl = 3600;
  std::vector<Vault::New> all{{kGlobal, "A", view("one"), hour}, {kRepo, "B", view("two"), {}}, {kRepo, "A", view(""), {}}};
  REQUIRE(vault->put_all(all, rig.who));
  CHECK(rig.lines->words() == std::vector<std::string>{"store A", "rotate B", "store A", "committed "});
  CHECK(text_of(*vault->open_scoped(kGlobal, "A", rig.who)) == "one");
  CHECK(text_of(*vault->open_effective("B", rig.who)) == "two");
  CHECK(vault->find_scoped(kGlobal, "A")->ttl == 3600);
  const std::string large(Vault::kMaxValue + 1, 'z');
  for (const Vault::New& bad : {Vault::New{kGlobal, "C", view(large), {}}, Vault::New{kGlobal, "a/b", view("x"), {}},
                                Vault::New{kGlobal, "C", view("x"), {.ttl = -1, .allow_untrusted = {}, .must_exist = true}}}) {
    all = {{kGlobal, "A", view("three"), {}}, bad};
    const auto stored = vault->put_all(all, rig.who);
    REQUIRE_FALSE(stored);
    CHECK(stored.error().message.find(bad.name) != std::string::npos);
  }
  rig.lines->full = true;
  all = {{kGlobal, "A", view("four"), {}}, {kGlobal, "D", view("five"), {}}};
  CHECK_FALSE(vault->put_all(all, rig.who));
  rig.lines->full = false;
  CHECK(text_of(*rig.open()->open_scoped(kGlobal, "A", rig.who)) == "one");
  CHECK(vault->find_scoped(kGlobal, "D").error().code == Code::kNotFound);
}

TEST_CASE("each access has its line, written before the answer") {
  VaultRig rig;
  auto vault = rig.open();
  REQUIRE(vault->put(kRepo, "A", secret_of("1"), {}, rig.who));
  REQUIRE(vault->put(kRepo, "A", secret_of("2"), {}, rig.who));
  REQUIRE(vault->open_effective("A", rig.who));
  REQUIRE(vault->remove(kRepo, "A", rig.who));
  CHECK(rig.lines->words() == std::vector<std::string>{"store A", "committed A", "rotate A", "committed A", "granted A",
                                                       "delete A", "committed A"});
  // The generation of a line is the one that was committed when it was written.
  CHECK(rig.lines->events[0].generation + 1 == rig.lines->events[1].generation);
  CHECK(rig.lines->events[1].generation == rig.lines->events[2].generation);
}

TEST_CASE("where no line can be written, nothing is given and nothing is changed") {
  VaultRig rig;
  auto vault = rig.open();
  REQUIRE(vault->put(kRepo, "A", secret_of("old"), {}, rig.who));
  rig.lines->full = true;
  CHECK_FALSE(vault->open_effective("A", rig.who));
  CHECK_FALSE(vault->put(kRepo, "A", secret_of("new"), {}, rig.who));
  CHECK_FALSE(vault->put(kRepo, "B", secret_of("new"), {}, rig.who));
  CHECK_FALSE(vault->remove(kRepo, "A", rig.who));
  CHECK_FALSE(vault->set_ttl(kRepo, "A", 5, rig.who));
  rig.lines->full = false;
  CHECK(text_of(*vault->open_effective("A", rig.who)) == "old");
  CHECK(vault->find_effective("A")->not_after == 0);
  CHECK(vault->list_effective()->size() == 1);
}

TEST_CASE("an untrusted event gets what was stored for it, and nothing else") {
  VaultRig rig;
  auto owner = rig.open();
  Vault::Put allowed;
  allowed.allow_untrusted = true;
  REQUIRE(owner->put(kRepo, "A", secret_of("a"), {}, rig.who));
  REQUIRE(owner->put(kRepo, "B", secret_of("b"), allowed, rig.who));
  Context fork = rig.context;
  fork.untrusted = true;
  fork.untrusted_why = "a pull request from a fork";
  auto vault = rig.open(fork);
  rig.lines->clear();
  CHECK(vault->open_effective("A", rig.who).error().code == Code::kDenied);
  CHECK(text_of(*vault->open_effective("B", rig.who)) == "b");
  CHECK(rig.lines->words() == std::vector<std::string>{"denied A untrusted_event", "granted B"});
  // A rotation keeps the mark.
  REQUIRE(owner->put(kRepo, "B", secret_of("b2"), {}, rig.who));
  CHECK(text_of(*vault->open_effective("B", rig.who)) == "b2");
  allowed.allow_untrusted = false;
  REQUIRE(owner->put(kRepo, "B", secret_of("b3"), allowed, rig.who));
  CHECK(vault->open_effective("B", rig.who).error().code == Code::kDenied);
}

TEST_CASE("what is expired is gone by name, told to open readers, and uncovers nothing wider") {
  VaultRig rig;
  auto vault = rig.open();
  Vault::Put minute;
  minute.ttl = 60;
  REQUIRE(vault->put(kGlobal, "A", secret_of("wide"), {}, rig.who));
  REQUIRE(vault->put(kRepo, "A", secret_of("narrow"), minute, rig.who));
  auto open = vault->open_effective("A", rig.who).value();
  CHECK(vault->still_valid(*open, rig.who));
  rig.clock.advance(59.9);
  CHECK(vault->still_valid(*open, rig.who));
  rig.clock.advance(0.2);
  rig.lines->clear();
  CHECK(vault->still_valid(*open, rig.who).error().code == Code::kExpired);
  CHECK(vault->still_valid(*open, rig.who).error().code == Code::kExpired);
  CHECK(vault->open_effective("A", rig.who).error().code == Code::kNotFound);
  CHECK(rig.lines->words() == std::vector<std::string>{"denied A expired", "denied A expired"});
  CHECK(vault->find_effective("A").error().code == Code::kNotFound);
  CHECK(vault->list_effective()->empty());
  CHECK(vault->list_scope(kRepo)->empty());
  CHECK(vault->scope_to_write("A").value() == kRepo);
  // A rotation restarts the length.
  REQUIRE(vault->put(kRepo, "A", secret_of("again"), {}, rig.who));
  CHECK(vault->find_effective("A")->not_after == Approx(rig.clock.wall() + 60).margin(0.01));
  rig.clock.advance(61);
  rig.lines->clear();
  CHECK(vault->cleanup(rig.who).value() == 1);
  CHECK(rig.lines->words() == std::vector<std::string>{"cleanup A expired", "committed "});
  CHECK(vault->cleanup(rig.who).value() == 0);
  CHECK(text_of(*vault->open_effective("A", rig.who)) == "wide");
}

TEST_CASE("a TTL that is set later counts for a reader that has the value open") {
  VaultRig rig;
  auto vault = rig.open();
  REQUIRE(vault->put(kRepo, "A", secret_of("a"), {}, rig.who));
  auto open = vault->open_effective("A", rig.who).value();
  REQUIRE(vault->set_ttl(kRepo, "A", 10, rig.who));
  rig.clock.advance(11);
  CHECK(vault->still_valid(*open, rig.who).error().code == Code::kExpired);
  for (double ttl : {0.0, -1.0, 1e12, std::numeric_limits<double>::quiet_NaN()})
    CHECK(vault->set_ttl(kRepo, "A", ttl, rig.who).error().code == Code::kInvalid);
  Vault::Put zero;
  zero.ttl = 0;
  CHECK(vault->put(kRepo, "A", secret_of("a"), zero, rig.who).error().code == Code::kInvalid);
}

TEST_CASE("a clock that is stepped back brings nothing back to life") {
  VaultRig rig;
  Vault::Put minute;
  minute.ttl = 60;
  {
    auto vault = rig.open();
    REQUIRE(vault->put(kRepo, "A", secret_of("a"), minute, rig.who));
    rig.clock.advance(3'600);
    REQUIRE(vault->put(kRepo, "B", secret_of("b"), {}, rig.who));
    rig.clock.set_wall(rig.clock.wall() - 3'590);
    rig.lines->clear();
    CHECK(vault->open_effective("A", rig.who).error().code == Code::kNotFound);
    CHECK(rig.lines->words() == std::vector<std::string>{"error  clock_stepped_back", "denied A expired"});
  }
  // The next process sees it too: the store remembers.
  auto vault = rig.open();
  CHECK(vault->open_effective("A", rig.who).error().code == Code::kNotFound);
}

TEST_CASE("a reader keeps the value that it opened through a rotation") {
  VaultRig rig;
  auto vault = rig.open();
  REQUIRE(vault->put(kRepo, "A", secret_of("old"), {}, rig.who));
  auto open = vault->open_effective("A", rig.who).value();
  REQUIRE(vault->put(kRepo, "A", secret_of("new"), {}, rig.who));
  CHECK(text_of(open) == "old");
  CHECK(vault->still_valid(*open, rig.who));
  CHECK(text_of(*vault->open_effective("A", rig.who)) == "new");
}

TEST_CASE("names that are none are refused") {
  VaultRig rig;
  auto vault = rig.open();
  for (const std::string& name : {std::string(), std::string("a/b"), std::string("a\nb"), std::string("a\0b", 3),
                                  std::string("."), std::string(".."), std::string(".hidden"), std::string("\xff")})
    CHECK(vault->put(kRepo, name, secret_of("x"), {}, rig.who).error().code == Code::kInvalid);
  CHECK(vault->put(kRepo, std::string(256, 'a'), secret_of("x"), {}, rig.who).error().code == Code::kNameTooLong);
  CHECK(vault->put(kRepo, std::string(255, 'a'), secret_of("x"), {}, rig.who));
  CHECK(vault->put({ScopeKind::kRepo, ""}, "A", secret_of("x"), {}, rig.who).error().code == Code::kInvalid);
  Vault::Put rotate;
  rotate.must_exist = true;
  CHECK(vault->put(kRepo, "NEW", secret_of("x"), rotate, rig.who).error().code == Code::kNotFound);
}

TEST_CASE("what one vault changes, another sees at its next call") {
  VaultRig rig;
  auto one = rig.open();
  auto two = rig.open();
  REQUIRE(one->put(kRepo, "A", secret_of("1"), {}, rig.who));
  CHECK(text_of(*two->open_effective("A", rig.who)) == "1");
  REQUIRE(two->put(kRepo, "A", secret_of("2"), {}, rig.who));
  CHECK(text_of(*one->open_effective("A", rig.who)) == "2");
  REQUIRE(two->remove(kRepo, "A", rig.who));
  CHECK(one->find_effective("A").error().code == Code::kNotFound);
  CHECK(one->list_effective()->empty());
}

TEST_CASE("vaults of one store write and read side by side") {
  VaultRig rig;
  REQUIRE(rig.open()->put(kRepo, "A", secret_of("value 0"), {}, rig.who));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::string notice;
      auto vault = Vault::open_with(std::make_unique<FakeAudit>(rig.lines), rig.options, rig.context, key_of(),
                                    rig.clock, rig.counters, rig.errors, notice);
      if (!vault) return void(++wrong);
      for (int i = 0; i < 25; ++i) {
        if (!(*vault)->put(kRepo, "A", secret_of("value " + std::to_string(t)), {}, rig.who)) ++wrong;
        if (!(*vault)->put(kRepo, "OWN" + std::to_string(t), secret_of(std::to_string(i)), {}, rig.who)) ++wrong;
        auto read = (*vault)->open_effective("A", rig.who);
        if (!read || text_of(*read).substr(0, 6) != "value ") ++wrong;
        auto own = (*vault)->open_effective("OWN" + std::to_string(t), rig.who);
        if (!own || text_of(*own) != std::to_string(i)) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(rig.open()->find_effective("A")->version == 101);
}

TEST_CASE("in job isolation nothing is written to the disk") {
  VaultRig rig;
  rig.options.isolation = Isolation::kJob;
  {
    auto vault = rig.open();
    REQUIRE(vault->put(kRepo, "A", secret_of("a"), {}, rig.who));
    CHECK(text_of(*vault->open_effective("A", rig.who)) == "a");
    REQUIRE(vault->rekey(nullptr, rig.who));
    CHECK(text_of(*vault->open_effective("A", rig.who)) == "a");
  }
  CHECK(rig.scratch.names().empty());
}

TEST_CASE("in job isolation the log alone is on disk, and a store on disk is none the older for it") {
  VaultRig rig;
  const RootKey key = key_of();
  const auto open = [&](Isolation isolation) {
    rig.options.isolation = isolation;
    return Vault::open(rig.options, rig.context, key, rig.clock, rig.counters, rig.errors, rig.notice);
  };
  {
    auto job = open(Isolation::kJob);
    REQUIRE(job);
    for (int i = 0; i < 5; ++i) REQUIRE((*job)->put(kRepo, "A" + std::to_string(i), secret_of("a"), {}, rig.who));
    REQUIRE((*job)->open_effective("A0", rig.who));
  }
  CHECK(std::filesystem::exists(rig.directory + "/audit.log"));
  CHECK_FALSE(std::filesystem::exists(rig.directory + "/credentials.db"));
  {
    auto user = open(Isolation::kUser);
    REQUIRE(user);
    REQUIRE((*user)->put(kRepo, "KEPT", secret_of("k"), {}, rig.who));
  }
  {
    auto job = open(Isolation::kJob);
    REQUIRE(job);
    for (int i = 0; i < 5; ++i) REQUIRE((*job)->put(kRepo, "B" + std::to_string(i), secret_of("b"), {}, rig.who));
    CHECK((*job)->open_effective("KEPT", rig.who).error().code == Code::kNotFound);
  }
  auto user = open(Isolation::kUser);
  REQUIRE(user);
  CHECK(text_of(*(*user)->open_effective("KEPT", rig.who)) == "k");
}
