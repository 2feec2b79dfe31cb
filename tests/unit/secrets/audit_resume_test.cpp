// Deaths and stops between two steps of a line or of a rotation, made by hand from the files before and after it.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "backends/secrets/audit_state.h"
#include "backends/secrets/audit_verify.h"
#include "tests/catch.h"
#include "tests/unit/secrets/audit_rig.h"

using namespace rfs;
using namespace rfs::test;

namespace {

struct Resumed : AuditRig {
  SecretBytes owner_key;

  void write(int count) {
    auto audit = open();
    if (auto key = audit->take_owner_key(); !key.empty()) owner_key = std::move(key);
    for (int i = 0; i < count; ++i) REQUIRE(audit->append(event(AuditAction::kGranted)));
  }
  AuditVerdict verify() const {
    auto verdict = verify_audit({scratch.path("c"), &owner_key, {}});
    if (!verdict) FAIL(verdict.error().message);
    return *verdict;
  }
  void check_whole(std::uint64_t lines) const {
    const AuditVerdict verdict = verify();
    if (verdict.fault) FAIL(verdict.fault->file << " " << verdict.fault->line << " " << verdict.fault->why);
    CHECK(verdict.lines == lines);
  }
  void add(const std::string& text) const {
    std::ofstream file(log(), std::ios::binary | std::ios::app);
    file << text;
    REQUIRE(file.flush());
  }
  // The state as if it had been written before the machine was started anew.
  void stop_machine() const {
    const std::string slots = content(state());
    auto now = audit::decode_state(view(slots));
    REQUIRE(now);
    now->boot += 1;
    SecretBytes slot(audit::kSlot);
    audit::encode_slot(*now, slot.reveal_mutable());
    overwrite(state(), std::string(slot.reveal_text()) + std::string(slot.reveal_text()));
  }
};

}  // namespace

TEST_CASE("a line that was written, but not yet in the state, is taken over") {
  Resumed log;
  log.write(2);
  const std::string before = content(log.state());
  log.write(3);
  overwrite(log.state(), before);
  log.write(1);
  log.check_whole(6);
  CHECK(member(log.lines().back(), "seq") == "6");
}

TEST_CASE("a state of which one slot is torn is as good as the other slot") {
  Resumed log;
  log.write(2);
  const std::string old = content(log.state());
  log.write(1);
  std::string torn = content(log.state());
  SECTION("the first") { torn.replace(0, 64, old.substr(0, 64)); }
  SECTION("the second is still the older one") { torn.replace(128, 128, old.substr(128)); }
  SECTION("the first is torn and the second older") {
    torn.replace(0, 64, old.substr(0, 64));
    torn.replace(128, 128, old.substr(128));
  }
  overwrite(log.state(), torn);
  log.write(1);
  log.check_whole(4);
}

TEST_CASE("a torn last line stays, and the next line accounts for it") {
  Resumed log;
  log.write(2);
  const std::string torn = GENERATE(std::string("{"), std::string("{\"seq\":3,\"timest"), std::string(4000, 'x'));
  log.add(torn);
  CHECK(log.verify().torn_bytes == torn.size());
  CHECK_FALSE(log.verify().fault);
  log.write(1);
  log.check_whole(4);
  CHECK(log.verify().recovered == 1);
  const auto lines = log.lines();
  CHECK(lines[2] == torn);
  CHECK(member(lines[3], "action") == "recovered");
  CHECK(member(lines[3], "bytes") == std::to_string(torn.size()));

  std::string wrong = content(log.log());
  wrong[lines[0].size() + lines[1].size() + 2] ^= 1;
  overwrite(log.log(), wrong);
  REQUIRE(log.verify().fault);
  CHECK(log.verify().fault->line == 3);
}

TEST_CASE("a death while a torn line is accounted for is accounted for as well") {
  Resumed log;
  log.write(2);
  log.add("{\"seq\":3,");
  const std::string before = content(log.state());
  log.write(0);
  SECTION("the line is there, the state does not know it") { overwrite(log.state(), before); }
  SECTION("the line is torn too") {
    const std::string whole = content(log.log());
    overwrite(log.log(), whole.substr(0, whole.size() - 60));
    overwrite(log.state(), before);
  }
  log.write(1);
  log.check_whole(4);
  CHECK(log.verify().recovered == 1);
}

TEST_CASE("lines of somebody else at the end are not taken over") {
  Resumed log;
  log.write(2);
  SECTION("a line of the form, by another key") {
    log.add(audit::seal(Bytes(32, 1), Digest{}, "{\"seq\":3,\"action\":\"access_granted\"").line);
  }
  SECTION("much that is no line") { log.add(std::string(100'000, 'x')); }
  CHECK(log.open_code() == Code::kTampered);
}

TEST_CASE("what a stop of the machine took from the end of the log is said, and counts as missing") {
  Resumed log;
  log.write(5);
  log.stop_machine();
  const std::string whole = content(log.log());
  const std::size_t third = whole.find("{\"seq\":4");
  std::size_t kept = third;
  SECTION("at the end of a line") {}
  SECTION("in a line") { kept += 70; }
  std::filesystem::resize_file(log.log(), kept);
  const std::string before = content(log.state());
  log.write(1);
  const auto lines = log.lines();
  const std::string& said = lines[lines.size() - 2];
  CHECK(member(said, "action") == "recovered");
  CHECK(member(said, "lost") == "2");
  CHECK(member(said, "bytes") == std::to_string(kept - third));
  CHECK(member(said, "seq") == "6");
  const AuditVerdict verdict = log.verify();
  REQUIRE(verdict.fault);
  CHECK(verdict.fault->why == "lines 4 to 5 are missing: lost when the machine stopped, or cut");
  CHECK(verdict.lines == 5);
  CHECK(verdict.last_seq == 7);
}

TEST_CASE("without a stop of the machine a shorter log was cut") {
  Resumed log;
  log.write(5);
  std::filesystem::resize_file(log.log(), content(log.log()).find("{\"seq\":4"));
  CHECK(log.open_code() == Code::kTampered);
}

TEST_CASE("a stop of the machine is no excuse once the log was opened again") {
  Resumed log;
  log.write(5);
  log.stop_machine();
  log.write(0);
  std::filesystem::resize_file(log.log(), content(log.log()).find("{\"seq\":4"));
  CHECK(log.open_code() == Code::kTampered);
}

TEST_CASE("a rotation is finished by the next writer, wherever the one before it died") {
  Resumed log;
  log.write(3);
  const std::string rotated = log.log() + ".00000000000000000003";
  std::filesystem::rename(log.log(), rotated);
  SECTION("after the rename") {}
  SECTION("after the new file") { overwrite(log.log(), ""); }
  log.write(1);
  log.check_whole(5);
  CHECK(log.verify().files == 2);
  CHECK(member(log.lines()[0], "action") == "rotated");

  SECTION("after the first line of the new file") {
    const std::string state = content(log.state());
    auto before = audit::decode_state(view(state));
    struct stat info {};
    REQUIRE(::stat(rotated.c_str(), &info) == 0);
    CHECK(before->inode != info.st_ino);
  }
}

TEST_CASE("an empty log that was begun, but has no state, is begun again") {
  AuditRig rig;
  std::filesystem::create_directory(rig.scratch.path("c"));
  overwrite(rig.log(), "");
  SECTION("without the file") {}
  SECTION("with an empty one") { overwrite(rig.state(), ""); }
  auto audit = rig.open();
  CHECK_FALSE(audit->take_owner_key().empty());
  CHECK(audit->append(event(AuditAction::kGranted)));
}

TEST_CASE("writers that are killed at any moment leave a log that goes on") {
  Resumed log;
  log.write(1);
  for (int round = 0; round < 12; ++round) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      AuditOptions options = log.options();
      options.rotate_at = 20'000;
      auto audit = Audit::open(options, log.clock);
      while (audit && (*audit)->append(event(AuditAction::kGranted))) {
      }
      ::_exit(1);
    }
    std::error_code rotating;  // then it has no name for a moment, or until the next writer, if one was killed there
    const auto before = std::filesystem::file_size(log.log(), rotating);
    while (std::filesystem::file_size(log.log(), rotating) == before) ::usleep(500);
    ::usleep(static_cast<useconds_t>(round) * 700);
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
  }
  log.write(1);
  CHECK_FALSE(log.verify().fault);
}
