// What lies on a mountpoint, and cleaning up after a daemon that died.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>

#include "fs/kernel/mountpoint.h"
#include "kernel_mount.h"

using namespace rfs;
using namespace rfs::testing;
using Kind = MountState::Kind;

namespace {

// A daemon that is killed while its mount lies on `path`.
void leave_dead_mount(const std::string& path) {
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  pid_t pid = ::fork();
  if (pid == 0) {
    KernelTree tree;
    SystemClock clock;
    Counters counters;
    MountOptions options;
    options.mountpoint = path;
    options.uid = ::getuid();
    Session session(options, tree, clock, counters);
    char answer = session.start() ? 'y' : 'n';
    if (::write(ready[1], &answer, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  ::close(ready[1]);
  char answer = 'n';
  CHECK(::read(ready[0], &answer, 1) == 1);
  ::close(ready[0]);
  CHECK(answer == 'y');
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace

TEST_CASE("a directory, a file and nothing are told apart") {
  Scratch scratch;
  CHECK(mount_state(scratch.path).kind == Kind::kEmpty);
  CHECK(mount_state(scratch.path + "/").kind == Kind::kEmpty);
  CHECK(mount_state(scratch.path + "/none").kind == Kind::kMissing);
  CHECK(mount_state(scratch.path + "/none/below").kind == Kind::kMissing);
  std::string file = scratch.path + "/file";
  ::close(::open(file.c_str(), O_CREAT | O_WRONLY, 0600));
  CHECK(mount_state(file).kind == Kind::kNotDirectory);
  CHECK(mount_state(scratch.path).kind == Kind::kNotEmpty);
  CHECK(mount_state("/proc").kind == Kind::kOtherMount);
  CHECK(mount_state("/proc").type == "proc");
  ::unlink(file.c_str());
}

TEST_CASE("preparing makes a directory when asked, and refuses what is no mountpoint") {
  Scratch scratch;
  std::string notice, made = scratch.path + "/made";
  auto code = [&](const std::string& path, bool make, bool nonempty) {
    auto prepared = prepare_mountpoint(path, make, nonempty, notice);
    if (!prepared) CHECK_FALSE(prepared.error().hint.empty());
    return prepared ? std::optional<Code>() : prepared.error().code;
  };
  CHECK(code(made, false, false) == Code::kNotFound);
  CHECK(code(made, true, false) == std::nullopt);
  struct stat attributes;
  REQUIRE(::stat(made.c_str(), &attributes) == 0);
  CHECK((attributes.st_mode & 07777) == 0700);
  CHECK(code(scratch.path, false, false) == Code::kExists);
  CHECK(code(scratch.path, false, true) == std::nullopt);
  CHECK(code("/proc", false, false) == Code::kBusy);
  CHECK(code("/proc/self/status", false, false) == Code::kNotDirectory);
  CHECK(notice.empty());
  ::rmdir(made.c_str());
}

TEST_CASE("another user's directory is not taken for ours") {
  RFS_SKIP_UNLESS(::getuid() == 0, "only root gives directories away");
  Scratch scratch;
  REQUIRE(::chown(scratch.path.c_str(), 1234, 1234) == 0);
  std::string notice;
  auto prepared = prepare_mountpoint(scratch.path, true, false, notice);
  REQUIRE_FALSE(prepared.has_value());
  CHECK(prepared.error().code == Code::kDenied);
}

TEST_CASE("a live mount is recognised, by any spelling, and not mounted over") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  CHECK(mount_state(m.scratch.path).kind == Kind::kRunnerfs);
  CHECK(mount_state(m.scratch.path + "/").kind == Kind::kRunnerfs);
  CHECK(mount_state(m.scratch.path + "/.").kind == Kind::kRunnerfs);
  CHECK(mount_state(m.scratch.path).type == "fuse.runnerfs");
  CHECK(mount_state(m.at("ro")).kind != Kind::kRunnerfs);
  std::string notice;
  auto prepared = prepare_mountpoint(m.scratch.path, false, false, notice);
  REQUIRE_FALSE(prepared.has_value());
  CHECK(prepared.error().code == Code::kBusy);
}

TEST_CASE("a dead mount is recognised and cleaned") {
  RFS_NEEDS_MOUNT();
  Scratch scratch;
  leave_dead_mount(scratch.path);
  CHECK(mount_state(scratch.path).kind == Kind::kDeadRunnerfs);
  std::string notice;
  CHECK(prepare_mountpoint(scratch.path, false, false, notice).has_value());
  CHECK_FALSE(notice.empty());
  CHECK(mount_state(scratch.path).kind == Kind::kEmpty);
  auto again = unmount(scratch.path, false);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == Code::kNotFound);
}

TEST_CASE("who holds a mount is found by its directory and its open files") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", "content");
  CHECK(holders(m.scratch.path).empty());
  Child inside({"sh", "-c", "cd " + m.at("ro") + " && exec 3< x && kill -STOP $$"});
  siginfo_t stopped;
  REQUIRE(::waitid(P_PID, static_cast<id_t>(inside.pid()), &stopped, WSTOPPED) == 0);
  auto found = holders(m.scratch.path);
  REQUIRE(found.size() == 1);
  CHECK(found[0] == "sh (pid " + std::to_string(inside.pid()) + ")");
  auto busy = unmount(m.scratch.path, false);
  REQUIRE_FALSE(busy.has_value());
  CHECK(busy.error().code == Code::kBusy);
  CHECK(busy.error().hint.find(found[0]) != std::string::npos);
}

TEST_CASE("mounting where nothing can be mounted says why") {
  KernelTree tree;
  SystemClock clock;
  Counters counters;
  MountOptions options;
  options.mountpoint = "/tmp/runnerfs-kernel-none/below";
  auto started = Session(options, tree, clock, counters).start();
  REQUIRE_FALSE(started.has_value());
  CHECK_FALSE(started.error().hint.empty());
  options.mountpoint = "/etc/passwd";
  started = Session(options, tree, clock, counters).start();
  REQUIRE_FALSE(started.has_value());
}
