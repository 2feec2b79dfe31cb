// Several processes, a full disk, a limit on the size of files.
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "backends/secrets/audit_state.h"
#include "backends/secrets/audit_verify.h"
#include "tests/catch.h"
#include "tests/unit/secrets/audit_rig.h"

using namespace rfs;
using namespace rfs::test;

namespace {

// A tmpfs of its own; not mounted (and why) where the user may not mount.
struct SmallDisk {
  Scratch scratch;
  bool mounted;
  explicit SmallDisk(const std::string& size) {
    mounted = ::mount("runnerfs-test", root().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, ("size=" + size).c_str()) == 0;
    if (!mounted) WARN("SKIP: no tmpfs can be mounted here: " << std::strerror(errno));
  }
  ~SmallDisk() {
    if (mounted) ::umount2(root().c_str(), MNT_DETACH);
  }
  std::string root() const {
    const std::string path = scratch.path("disk");
    std::filesystem::create_directory(path);
    return path;
  }
};

}  // namespace

TEST_CASE("processes that write at once share one chain") {
  AuditRig rig;
  constexpr int kProcesses = 4, kLines = 200;
  SecretBytes owner_key = rig.open()->take_owner_key();
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      AuditOptions options = rig.options();
      options.rotate_at = 30'000;
      auto audit = Audit::open(options, rig.clock);
      for (int i = 0; audit && i < kLines; ++i)
        if (!(*audit)->append(event(AuditAction::kGranted, "K" + std::to_string(process) + "_" + std::to_string(i))))
          ::_exit(1);
      ::_exit(audit ? 0 : 2);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  const auto verdict = verify_audit({rig.scratch.path("c"), &owner_key, {}});
  REQUIRE(verdict);
  CHECK_FALSE(verdict->fault);
  CHECK(verdict->files > 5);
  CHECK(verdict->lines == kProcesses * kLines + verdict->files - 1);
  std::set<std::string> names;
  REQUIRE(read_audit(rig.scratch.path("c"), [&](std::string_view line) -> Result<bool> {
    names.emplace(audit::member_of(line, "credential"));
    return true;
  }));
  CHECK(names.size() == kProcesses * kLines + 1);  // the one of `rotated` is empty
}

TEST_CASE("one log in two objects is written and rotated by both") {
  AuditRig rig;
  AuditOptions options = rig.options();
  options.rotate_at = 2000;
  auto one = rig.open(options), two = rig.open(options);
  for (int i = 0; i < 30; ++i) {
    REQUIRE(one->append(event(AuditAction::kGranted)));
    REQUIRE(two->append(event(AuditAction::kStore)));
    REQUIRE(one->head().mac == two->head().mac);
  }
  CHECK_FALSE(verify_audit({rig.scratch.path("c"), nullptr, {}})->fault);
}

TEST_CASE("a full disk refuses the access, says so in the log, and goes on when there is room") {
  SmallDisk disk("1m");
  if (!disk.mounted) return;
  AuditRig rig;
  AuditOptions options;
  options.directory = disk.root() + "/c";
  auto opened = Audit::open(options, rig.clock);
  REQUIRE(opened);
  Audit& audit = **opened;
  // With less than 1 MiB nothing can be kept ahead: not even the first line is answered.
  const auto refused = audit.append(event(AuditAction::kGranted));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kBroken);
  INFO(refused.error().message);
  CHECK(refused.error().message.find("o space left") != std::string::npos);
  CHECK_FALSE(audit.append(event(AuditAction::kGranted)));
  CHECK(audit.head().seq == 1);  // once
  CHECK(content(options.directory + "/audit.log").find("audit_full") != std::string::npos);

  REQUIRE(::mount("runnerfs-test", disk.root().c_str(), "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, "size=4m") == 0);
  REQUIRE(audit.append(event(AuditAction::kGranted)));
  overwrite(disk.root() + "/other", std::string(2'800'000, 'x'));
  int lines = 0;
  while (audit.append(event(AuditAction::kGranted))) ++lines;
  CHECK(lines > 100);
  CHECK_FALSE(audit.append(event(AuditAction::kStore)));
  std::filesystem::remove(disk.root() + "/other");
  CHECK(audit.append(event(AuditAction::kGranted)));
  const auto verdict = verify_audit({options.directory, nullptr, {}});
  REQUIRE(verdict);
  CHECK_FALSE(verdict->fault);
  CHECK(verdict->lines == static_cast<std::uint64_t>(lines) + 4);
}

TEST_CASE("a line that cannot be written whole is cut off again") {
  AuditRig rig;
  rig.open();
  in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto audit = Audit::open(rig.options(), rig.clock);
    if (!audit || !(*audit)->append(event(AuditAction::kGranted))) ::_exit(1);
    const auto size = std::filesystem::file_size(rig.log());
    const rlimit small{size + 100, size + 100};
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0) ::_exit(2);
    for (int i = 0; i < 2; ++i) {
      const auto refused = (*audit)->append(event(AuditAction::kGranted));
      if (refused || refused.error().code != Code::kBroken) ::_exit(3);
      if (std::filesystem::file_size(rig.log()) != size) ::_exit(4);
    }
  });
  CHECK_FALSE(verify_audit({rig.scratch.path("c"), nullptr, {}})->fault);
  CHECK(rig.open()->append(event(AuditAction::kGranted)));
  CHECK(rig.lines().size() == 2);
}

TEST_CASE("a process that holds the lock for long is named as the reason, within seconds") {
  AuditRig rig;
  auto audit = rig.open();
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto file = audit::StateFile::open(rig.state());
    auto lock = (*file)->lock();
    [[maybe_unused]] const ssize_t n = ::write(ready[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  const auto refused = audit->append(event(AuditAction::kGranted));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("another process holds the audit log") != std::string::npos);
  CHECK(audit->append(event(AuditAction::kGranted)));
}
