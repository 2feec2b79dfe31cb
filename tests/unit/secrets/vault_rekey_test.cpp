// New terms and new root keys, beside other users of the store.
#include "tests/catch.h"
#include "tests/unit/secrets/vault_rig.h"

using namespace rfs;
using namespace rfs::test;

namespace {

std::string terms(VaultRig& rig) { return rig.sql("SELECT group_concat(DISTINCT hex(substr(rec, 9, 4))) FROM secret"); }

void fill(VaultRig& rig, Vault& vault, int count) {
  for (int i = 0; i < count; ++i)
    REQUIRE(vault.put(kRepo, "N" + std::to_string(i), secret_of("v" + std::to_string(i)), {}, rig.who));
}

void check_all(VaultRig& rig, Vault& vault, int count) {
  for (int i = 0; i < count; ++i) {
    auto read = vault.open_effective("N" + std::to_string(i), rig.who);
    REQUIRE(read);
    CHECK(text_of(*read) == "v" + std::to_string(i));
    CHECK((*read)->info.version == 1);
  }
}

}  // namespace

TEST_CASE("rekey seals every row under a new term while others read and write") {
  VaultRig rig;
  auto vault = rig.open();
  auto other = rig.open();
  fill(rig, *vault, 150);
  CHECK(terms(rig) == "00000001");
  std::uint64_t last = 0;
  REQUIRE(vault->rekey(
      [&](std::uint64_t done, std::uint64_t) {
        last = done;
        CHECK(other->open_effective("N7", rig.who));
        CHECK(other->put(kGlobal, "BESIDE", secret_of("x"), {}, rig.who));
      },
      rig.who));
  CHECK(last >= 150);
  CHECK(terms(rig) == "00000002");
  check_all(rig, *vault, 150);
  check_all(rig, *other, 150);
  check_all(rig, *rig.open(), 150);
  // The ring holds one term again: u32 ‖ L ‖ u16 ‖ one entry.
  CHECK(rig.sql("SELECT length(value) FROM meta WHERE name = 'ring'") == std::to_string(76 + 38 + 52 + 16));
}

TEST_CASE("a rekey that was interrupted is gone on with") {
  VaultRig rig;
  auto vault = rig.open();
  fill(rig, *vault, 150);
  struct Stop {};
  CHECK_THROWS_AS(vault->rekey([](std::uint64_t, std::uint64_t) { throw Stop(); }, rig.who), Stop);
  CHECK(terms(rig).size() > 8);  // both
  vault = rig.open();
  check_all(rig, *vault, 150);
  REQUIRE(vault->rekey(nullptr, rig.who));
  CHECK(terms(rig) == "00000002");
  check_all(rig, *vault, 150);
}

TEST_CASE("a new root key opens the store, and the first open with it ends the old one") {
  VaultRig rig;
  auto vault = rig.open();
  fill(rig, *vault, 3);
  REQUIRE(vault->rekey_root(key_of(9), rig.who));
  // Until it is installed, either does.
  check_all(rig, *rig.open(), 3);
  {
    auto fresh = rig.try_open(key_of(9), rig.context);
    REQUIRE(fresh);
    check_all(rig, **fresh, 3);
  }
  CHECK(rig.try_open(key_of(7), rig.context).error().code == Code::kNoKey);
  // Who has it open goes on, and sees what the others store.
  auto fresh = rig.try_open(key_of(9), rig.context);
  REQUIRE(fresh);
  REQUIRE((*fresh)->put(kRepo, "LATER", secret_of("x"), {}, rig.who));
  CHECK(text_of(*vault->open_effective("LATER", rig.who)) == "x");
}

TEST_CASE("a rekey under a root key that is being replaced is refused, and locks nobody out") {
  VaultRig rig;
  auto old = rig.open();
  fill(rig, *old, 3);
  REQUIRE(old->rekey_root(key_of(9), rig.who));
  CHECK(old->rekey(nullptr, rig.who).error().code == Code::kBusy);
  auto fresh = rig.try_open(key_of(9), rig.context);
  REQUIRE(fresh);
  CHECK(old->rekey(nullptr, rig.who).error().code == Code::kNoKey);
  CHECK(old->rekey_root(key_of(10), rig.who).error().code == Code::kNoKey);
  REQUIRE((*fresh)->rekey(nullptr, rig.who));
  auto again = rig.try_open(key_of(9), rig.context);
  REQUIRE(again);
  check_all(rig, **again, 3);
}
