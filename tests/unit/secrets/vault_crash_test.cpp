// A process that is killed between any two system calls of a write, and a disk that is full: the old value or the new
// one, never neither.
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "tests/catch.h"
#include "tests/unit/secrets/vault_rig.h"

using namespace rfs;
using namespace rfs::test;

namespace {

// Runs `work` in a child and kills it when it is about to make its `calls`-th system call. False: it ended before.
template <class Work>
bool killed_at(int calls, Work work) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    ::_exit(work() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFSTOPPED(status));
  // Each call stops twice: when it begins and when it ends.
  for (int stops = 0; stops < 2 * calls - 1; ++stops) {
    REQUIRE(::ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr) == 0);
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    if (WIFEXITED(status)) {
      CHECK(WEXITSTATUS(status) == 0);
      return false;
    }
    REQUIRE(WIFSTOPPED(status));
  }
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, &status, 0) == pid && !WIFSIGNALED(status) && !WIFEXITED(status)) {
  }
  return true;
}

}  // namespace

TEST_CASE("a write that is killed between any two system calls leaves the old value or the new one") {
  VaultRig rig;
  REQUIRE(rig.open()->put(kRepo, "A", secret_of("0"), {}, rig.who));
  int last = 0, kills = 0;
  for (int calls = 1;; ++calls) {
    const std::string value = std::to_string(calls);
    const bool killed = killed_at(calls, [&] {
      auto vault = rig.try_open(key_of(), rig.context);
      return vault && (*vault)->put(kRepo, "A", secret_of(value), {}, rig.who);
    });
    auto vault = rig.try_open(key_of(), rig.context);
    INFO("killed at call " << calls);
    if (!vault) FAIL(vault.error().message);
    auto read = (*vault)->open_effective("A", rig.who);
    REQUIRE(read);
    const std::string is = text_of(*read);
    CHECK((is == value || is == std::to_string(last)));
    if (is == value) last = calls;
    if (!killed) {
      CHECK(is == value);
      break;
    }
    ++kills;
  }
  CHECK(kills > 50);
}

TEST_CASE("on a full disk the old value stays, and there is room again later") {
  VaultRig rig;
  const std::string disk = rig.scratch.path("disk");
  REQUIRE(::mkdir(disk.c_str(), 0700) == 0);
  if (::mount("runnerfs-test", disk.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=2m") != 0) {
    WARN("SKIP: no tmpfs can be mounted here: " << std::strerror(errno));
    return;
  }
  struct Unmount {
    std::string at;
    ~Unmount() { ::umount2(at.c_str(), MNT_DETACH); }
  } unmount{disk};
  rig.directory = rig.options.directory = disk + "/credentials";
  auto vault = rig.open();
  REQUIRE(vault->put(kRepo, "A", secret_of("old"), {}, rig.who));
  {
    std::ofstream out(disk + "/filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())) && out.flush()) {
    }
  }
  auto put = vault->put(kRepo, "A", secret_of(std::string(200'000, 'n')), {}, rig.who);
  REQUIRE_FALSE(put);
  CHECK(put.error().code == Code::kNoSpace);
  CHECK_FALSE(put.error().hint.empty());
  CHECK(rig.lines->words().back() == "error A not_committed");
  CHECK(text_of(*vault->open_effective("A", rig.who)) == "old");
  REQUIRE(::unlink((disk + "/filler").c_str()) == 0);
  REQUIRE(vault->put(kRepo, "A", secret_of("new"), {}, rig.who));
  CHECK(text_of(*rig.open()->open_effective("A", rig.who)) == "new");
}
