// The log of a process that works, and what it notices of files that somebody touched.
#include "backends/secrets/audit.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/catch.h"
#include "tests/unit/secrets/audit_rig.h"

using namespace rfs;
using namespace rfs::test;

TEST_CASE("each access is a line before append returns") {
  AuditRig rig;
  auto audit = rig.open();
  const std::pair<AuditAction, const char*> kinds[] = {
      {AuditAction::kStore, "store"},          {AuditAction::kGranted, "access_granted"},
      {AuditAction::kDenied, "access_denied"}, {AuditAction::kError, "access_error"},
      {AuditAction::kRotate, "rotate"},        {AuditAction::kDelete, "delete"},
      {AuditAction::kCleanup, "cleanup"},      {AuditAction::kCommitted, "committed"}};
  std::size_t count = 0;
  for (const auto& [action, word] : kinds) {
    REQUIRE(audit->append(event(action)));
    const auto lines = rig.lines();
    REQUIRE(lines.size() == ++count);
    CHECK(member(lines.back(), "action") == word);
    CHECK(member(lines.back(), "seq") == std::to_string(count));
    CHECK(audit->head().seq == count);
  }
  CHECK(audit->highest_generation() == 7);
  CHECK(audit->trouble().empty());
}

TEST_CASE("the files of the log are their owner's alone") {
  AuditRig rig;
  ::umask(0);
  auto audit = rig.open();
  ::umask(022);
  for (const std::string& path : {rig.log(), rig.state()}) {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
  }
  CHECK(std::filesystem::file_size(rig.state()) == 256);
}

TEST_CASE("the owner's key is given once, by the call that made the log") {
  AuditRig rig;
  {
    auto audit = rig.open();
    CHECK(audit->take_owner_key().size() == 32);
    CHECK(audit->take_owner_key().empty());
  }
  CHECK(rig.open()->take_owner_key().empty());
}

TEST_CASE("the chain goes on when the log is opened again") {
  AuditRig rig;
  for (int i = 1; i <= 3; ++i) {
    auto audit = rig.open();
    CHECK(audit->head().seq == static_cast<std::uint64_t>(i - 1));
    REQUIRE(audit->append(event(AuditAction::kGranted)));
  }
  CHECK(member(rig.lines()[2], "seq") == "3");
}

TEST_CASE("the highest generation of any line is known, also to who opens the log later") {
  AuditRig rig;
  AuditEvent change = event(AuditAction::kStore);
  {
    auto audit = rig.open();
    CHECK(audit->highest_generation() == 0);
    change.generation = 41;
    REQUIRE(audit->append(change));
    change.generation = 3;
    REQUIRE(audit->append(change));
    CHECK(audit->highest_generation() == 41);
  }
  CHECK(rig.open()->highest_generation() == 41);
}

TEST_CASE("a log that is removed, replaced or shortened under a daemon refuses the access") {
  AuditRig rig;
  auto audit = rig.open();
  REQUIRE(audit->append(event(AuditAction::kGranted)));
  const std::string before = content(rig.log());
  std::string why;
  SECTION("removed") {
    std::filesystem::remove(rig.log());
    why = "audit.log was removed";
  }
  SECTION("replaced") {
    std::filesystem::rename(rig.log(), rig.log() + ".old");
    overwrite(rig.log(), before);
    why = "audit.log was replaced";
  }
  SECTION("renamed over") {
    overwrite(rig.log() + ".new", before);
    std::filesystem::rename(rig.log() + ".new", rig.log());
    why = "audit.log was removed";
  }
  SECTION("shortened") {
    std::filesystem::resize_file(rig.log(), before.size() - 1);
    why = "audit.log is shorter";
  }
  SECTION("emptied") {
    std::filesystem::resize_file(rig.log(), 0);
    why = "audit.log is shorter";
  }
  SECTION("continued by somebody else") {
    overwrite(rig.log(), before + before);
    why = "audit.log goes on with lines";
  }
  SECTION("without its state") {
    std::filesystem::remove(rig.state());
    why = "audit.state was removed";
  }
  SECTION("with a broken state") {
    overwrite(rig.state(), std::string(256, 'x'));
    why = "audit.state is damaged";
  }
  for (auto action : {AuditAction::kGranted, AuditAction::kStore, AuditAction::kDenied}) {
    const auto appended = audit->append(event(action));
    REQUIRE_FALSE(appended);
    CHECK(appended.error().code == Code::kBroken);
    CHECK(appended.error().message.find(why) != std::string::npos);
    CHECK_FALSE(appended.error().hint.empty());
  }
  CHECK(audit->trouble().find(why) != std::string::npos);
  CHECK(audit->head().seq == 1);
  CHECK(audit->highest_generation() == 7);
  audit.reset();
  CHECK(rig.open_code() == Code::kTampered);
}

TEST_CASE("a log that is put back is written again") {
  AuditRig rig;
  auto audit = rig.open();
  REQUIRE(audit->append(event(AuditAction::kGranted)));
  std::filesystem::rename(rig.log(), rig.log() + ".away");
  CHECK_FALSE(audit->append(event(AuditAction::kGranted)));
  std::filesystem::rename(rig.log() + ".away", rig.log());
  CHECK(audit->append(event(AuditAction::kGranted)));
  CHECK(audit->trouble().empty());
}

TEST_CASE("a log that was exchanged while nobody had it open is refused") {
  AuditRig rig;
  {
    auto audit = rig.open();
    for (int i = 0; i < 3; ++i) REQUIRE(audit->append(event(AuditAction::kGranted)));
  }
  std::string text = content(rig.log());
  const std::size_t mac = text.rfind("\"mac\":\"") + 7;
  text[mac] = text[mac] == '0' ? '1' : '0';
  overwrite(rig.log(), text);
  CHECK(rig.open_code() == Code::kTampered);
}

TEST_CASE("a log without its state, and a state without its log, are refused and left as they are") {
  AuditRig rig;
  {
    auto audit = rig.open();
    REQUIRE(audit->append(event(AuditAction::kGranted)));
  }
  const std::string before = content(rig.log());
  const std::string gone = GENERATE(std::string("state"), std::string("log"));
  std::filesystem::rename(rig.scratch.path("c/audit." + gone), rig.scratch.path("away"));
  CHECK(rig.open_code() == Code::kTampered);
  CHECK(rig.open_code() == Code::kTampered);
  if (gone == "state") CHECK(content(rig.log()) == before);
}

TEST_CASE("a link, a pipe and a file with two names are no log") {
  AuditRig rig;
  std::filesystem::create_directory(rig.scratch.path("c"));
  const std::string name = GENERATE(std::string("audit.log"), std::string("audit.state"));
  const std::string path = rig.scratch.path("c/" + name);
  SECTION("link") { std::filesystem::create_symlink(rig.scratch.path("elsewhere"), path); }
  SECTION("pipe") { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
  SECTION("two names") {
    overwrite(path, "");
    std::filesystem::create_hard_link(path, rig.scratch.path("other"));
  }
  CHECK(rig.open_code() == Code::kDenied);
}

TEST_CASE("denials beyond ten a second are summed up") {
  AuditRig rig;
  auto audit = rig.open();
  for (int i = 0; i < 500; ++i) REQUIRE(audit->append(event(AuditAction::kDenied, "API_KEY", "scope_mismatch")));
  REQUIRE(audit->append(event(AuditAction::kGranted)));
  CHECK(rig.lines().size() == 11);
  audit.reset();
  const auto lines = rig.lines();
  REQUIRE(lines.size() == 12);
  CHECK(member(lines[11], "action") == "access_denied");
  CHECK(member(lines[11], "suppressed") == "490");
  CHECK(member(lines[11], "reason") == "scope_mismatch");
  CHECK(member(lines[11], "uid") == "1000");
}

TEST_CASE("the summary of denials is written while the daemon runs") {
  AuditRig rig;
  auto audit = rig.open();
  for (int i = 0; i < 11; ++i) REQUIRE(audit->append(event(AuditAction::kDenied)));
  rig.clock.advance(2);
  while (rig.lines().size() < 11) ::usleep(10'000);  // the thread of the log looks about twice a second
  CHECK(member(rig.lines()[10], "suppressed") == "1");
}
