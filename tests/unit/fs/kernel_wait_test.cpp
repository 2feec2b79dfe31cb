// Requests that wait: deadlines, signals, and ending while readers are stuck.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "fs/kernel/mountpoint.h"
#include "kernel_mount.h"

using namespace rfs;
using namespace rfs::testing;

namespace {

volatile sig_atomic_t alarms = 0;

// Opens and reads while an alarm comes every 20 ms, as git and Go do. 0: the open was not disturbed.
int read_under_alarms(const char* path) {
  struct sigaction action {};
  action.sa_handler = [](int) { alarms = alarms + 1; };
  ::sigaction(SIGALRM, &action, nullptr);  // without SA_RESTART: an EINTR would show
  timer_t timer;
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGALRM;
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return 10;
  itimerspec every{{0, 20'000'000}, {0, 20'000'000}};
  ::timer_settime(timer, 0, &every, nullptr);
  int fd = ::open(path, O_RDONLY);
  if (fd < 0) return errno;
  char byte;
  if (::read(fd, &byte, 1) != 1) return 11;
  return alarms > 0 ? 0 : 12;
}

int errno_of_open(const char* path) { return ::open(path, O_RDONLY) < 0 ? errno : 0; }

std::vector<Child> stuck_readers(Mounted& m, std::size_t n) {
  m.tree.offer("ro/stuck", "content");
  m.tree.hold("ro/stuck");
  std::vector<Child> children;
  for (std::size_t i = 0; i < n; ++i) children.emplace_back(std::vector<std::string>{"cat", m.at("ro/stuck")});
  CHECK(m.tree.wait_held(n));
  return children;
}

}  // namespace

TEST_CASE("a stuck reader ends at once by a signal that ends it") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  for (int signal : {SIGKILL, SIGTERM, SIGINT, SIGHUP}) {
    auto readers = stuck_readers(m, 1);
    ::kill(readers[0].pid(), signal);
    CHECK(readers[0].wait(5) == 128 + signal);
    m.tree.release();
    m.tree.withdraw("ro/stuck");
  }
  CHECK(m.counters.get(Counter::kInterrupted) == 4);
}

TEST_CASE("a signal that the reader handles does not break its open") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.offer("ro/slow", "content");
  m.tree.hold("ro/slow");
  Child reader(read_under_alarms, m.at("ro/slow"));
  REQUIRE(m.tree.wait_held(1));
  CHECK(reader.wait(1) == -1);  // dozens of alarms later it still waits
  m.tree.release();
  CHECK(reader.wait(5) == 0);
}

TEST_CASE("a signal that ends the reader is noticed after one that did not") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.offer("ro/slow", "content");
  m.tree.hold("ro/slow");
  Child reader(read_under_alarms, m.at("ro/slow"));
  REQUIRE(m.tree.wait_held(1));
  CHECK(reader.wait(1) == -1);
  ::kill(reader.pid(), SIGKILL);  // the kernel sends no second INTERRUPT
  CHECK(reader.wait(5) == 128 + SIGKILL);
}

TEST_CASE("two hundred stuck readers leave room for everybody else") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", "content");
  auto readers = stuck_readers(m, 200);
  CHECK(eventually([&] { return m.session->waiting() == 200; }));
  CHECK(read_whole(m.at("ro/x")).content == "content");
  CHECK(run({"ls", "-l", m.at("ro")}) == 0);
  m.tree.put("rw/x", "content");
  CHECK(write_whole(m.at("rw/x"), O_WRONLY | O_TRUNC, "other") == 0);
  m.tree.release();
  for (auto& reader : readers) CHECK(reader.wait() == 0);
  CHECK(m.session->waiting() == 0);
}

TEST_CASE("a request that is not answered by its deadline is ETIMEDOUT") {
  RFS_NEEDS_MOUNT();
  MountOptions options;
  options.deadline = Millis(300);
  Mounted m(options);
  m.tree.offer("ro/stuck", "content");
  m.tree.hold("ro/stuck");
  CHECK(open_error(m.at("ro/stuck"), O_RDONLY) == ETIMEDOUT);
  CHECK(m.counters.get(Counter::kDeadlines) == 1);
  CHECK(m.session->waiting() == 0);
  m.tree.release();  // the late answer reaches nobody, and harms nobody
  CHECK(read_whole(m.at("ro/stuck")).content == "content");
}

TEST_CASE("stopping answers stuck readers, unmounts and ends") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.offer("ro/stuck", "content");
  m.tree.hold("ro/stuck");
  std::vector<Child> readers;
  for (int i = 0; i < 50; ++i) readers.emplace_back(errno_of_open, m.at("ro/stuck"));
  REQUIRE(m.tree.wait_held(50));
  auto stopped = m.session->stop(false);
  CHECK(stopped.has_value());
  for (auto& reader : readers) CHECK(reader.wait(5) == ECONNABORTED);
  CHECK(m.session->ended());
  m.session->wait();
  CHECK(mount_state(m.scratch.path).kind == MountState::Kind::kEmpty);
  m.session.reset();
  m.tree.release();  // answers that come after the end
}

TEST_CASE("an open file keeps the filesystem busy: its holder is named, and it goes on") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", "content");
  Fd open(::open(m.at("ro/x").c_str(), O_RDONLY));
  auto stopped = m.session->stop(false);
  REQUIRE_FALSE(stopped.has_value());
  CHECK(stopped.error().code == Code::kBusy);
  CHECK(stopped.error().hint.find("pid " + std::to_string(::getpid())) != std::string::npos);
  CHECK_FALSE(m.session->ended());
  m.tree.offer("ro/y", "served again");
  CHECK(read_whole(m.at("ro/y")).content == "served again");
  open.reset();
  CHECK(m.session->stop(false).has_value());
}

TEST_CASE("a lazy stop ends although files are open") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", std::string(100'000, 'x'));
  Fd open(::open(m.at("ro/x").c_str(), O_RDONLY));
  REQUIRE(open);
  CHECK(m.session->stop(true).has_value());
  CHECK(m.session->ended());
  m.session.reset();
  CHECK(read_fd(open.get()).starts_with("(error"));  // an error and no hang
  CHECK(mount_state(m.scratch.path).kind == MountState::Kind::kEmpty);
}

TEST_CASE("an unmount by somebody else ends the session") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  std::thread waiter([&] { m.session->wait(); });
  CHECK(unmount(m.scratch.path, false).has_value());
  waiter.join();
  CHECK(m.session->ended());
  CHECK(m.session->stop(false).has_value());
}
