#include "base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "base/fd.h"
#include "base/file.h"
#include "tests/catch.h"
#include "tests/unit/base/scratch.h"

using namespace rfs;

namespace {

constexpr Millis kLong{30'000};
const std::vector<std::string> kPath{"PATH=/usr/local/bin:/usr/bin:/bin"};

Result<Ran> shell(const std::string& script, Millis deadline = kLong, BytesView input = {}) {
  return run_process({"sh", "-c", script}, kPath, deadline, input);
}

}  // namespace

TEST_CASE("a process gives its output, its errors and its exit code") {
  auto ran = shell("echo out; echo err >&2; exit 7");
  REQUIRE(ran);
  CHECK(ran->out.reveal_text() == "out\n");
  CHECK(ran->err == "err\n");
  CHECK(ran->exit_code == 7);
}

TEST_CASE("a process that a signal ended answers 128 and the signal") {
  auto ran = shell("kill -TERM $$");
  REQUIRE(ran);
  CHECK(ran->exit_code == 128 + SIGTERM);
}

TEST_CASE("a program that is not there is not found") {
  auto ran = run_process({"no-such-program-anywhere"}, kPath, kLong);
  CHECK(ran.error().code == Code::kNotFound);
  CHECK(run_process({"/"}, kPath, kLong).error().code == Code::kDenied);
  CHECK(run_process({}, kPath, kLong).error().code == Code::kInvalid);
}

TEST_CASE("a process sees the named environment and nothing else") {
  ::setenv("RFS_TEST_TOKEN", "must not be seen", 1);
  auto ran = run_process({"env"}, {"A=1", "B=two words"}, kLong);
  ::unsetenv("RFS_TEST_TOKEN");
  REQUIRE(ran);
  CHECK(ran->out.reveal_text() == "A=1\nB=two words\n");
}

TEST_CASE("a process has no descriptor of ours") {
  Fd open_without_cloexec(::open("/dev/null", O_RDONLY));
  REQUIRE(::fcntl(open_without_cloexec.get(), F_GETFD) == 0);
  auto ran = shell("for fd in /proc/self/fd/*; do [ -e $fd ] && echo ${fd##*/}; done");
  REQUIRE(ran);
  CHECK(ran->out.reveal_text() == "0\n1\n2\n");
}

TEST_CASE("input arrives whole, also when output comes back meanwhile") {
  Bytes input(900'000, 'i');
  auto ran = shell("cat", kLong, input);
  REQUIRE(ran);
  CHECK(ran->exit_code == 0);
  CHECK(ran->out.equals(input));
}

TEST_CASE("a process that does not read its input does not end us") {
  Bytes input(900'000, 'i');
  auto ran = shell("exec 0<&-; echo done", kLong, input);
  REQUIRE(ran);
  CHECK(ran->out.reveal_text() == "done\n");
}

TEST_CASE("at the deadline a process is killed with its children") {
  test::Scratch scratch;
  auto ran = shell("sleep 1000 & echo $! > " + scratch.path("pid") + "; wait", Millis(2'000));
  REQUIRE_FALSE(ran);
  CHECK(ran.error().code == Code::kTimeout);
  auto pid = read_file(scratch.path("pid"));
  REQUIRE(pid);
  // It is dead, or a zombie that nobody has collected: in no case does it run on. The kernel may take a moment to act on
  // the signal where processors are busy.
  const auto dead = [&] {
    auto state = read_file("/proc/" + pid->substr(0, pid->size() - 1) + "/stat");
    return !state || state->find(") Z ") != std::string::npos || state->find(") X ") != std::string::npos;
  };
  for (int tries = 0; tries < 500 && !dead(); ++tries) ::usleep(10'000);
  CHECK(dead());
}

TEST_CASE("a grandchild that keeps the pipes open is not waited for") {
  auto ran = shell("sleep 20 & echo $!; exit 3", Millis(15'000));
  REQUIRE(ran);
  CHECK(ran->exit_code == 3);
  int pid = std::stoi(std::string(ran->out.reveal_text()));
  CHECK(::kill(pid, SIGKILL) == 0);
}

TEST_CASE("output without end is refused, errors without end are cut") {
  auto ran = shell("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done");
  CHECK(ran.error().code == Code::kTooLarge);
  ran = shell("head -c 200000 /dev/zero >&2; echo fine");
  REQUIRE(ran);
  CHECK(ran->err.size() == 64 * 1024);
  CHECK(ran->out.reveal_text() == "fine\n");
}

TEST_CASE("output of any length passes through a stream") {
  std::uint64_t size = 0;
  auto ran = stream_process({"sh", "-c", "head -c 5000000 /dev/zero; echo last >&2; exit 3"}, kPath, kLong, {},
                            [&](BytesView bytes) {
                              size += bytes.size();
                              return true;
                            });
  REQUIRE(ran);
  CHECK(size == 5'000'000);
  CHECK(ran->exit_code == 3);
  CHECK(ran->err == "last\n");
  CHECK(ran->out.empty());
}

TEST_CASE("a stream that has enough ends the program") {
  std::uint64_t size = 0;
  auto ran = stream_process({"cat", "/dev/zero"}, kPath, kLong, {}, [&](BytesView bytes) {
    size += bytes.size();
    return size < 100'000;
  });
  REQUIRE(ran);
  CHECK(size >= 100'000);
  CHECK(ran->exit_code == -1);
}
