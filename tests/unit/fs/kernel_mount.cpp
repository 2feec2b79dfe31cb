#include "kernel_mount.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "fs/kernel/mountpoint.h"

extern char** environ;

namespace rfs::testing {
namespace {

std::string make_scratch() {
  char name[] = "/tmp/runnerfs-kernel-XXXXXX";
  return ::mkdtemp(name);
}

}  // namespace

Scratch::Scratch() : path(make_scratch()) {}
Scratch::~Scratch() { ::rmdir(path.c_str()); }

Mounted::Mounted(MountOptions options) {
  options.mountpoint = scratch.path;
  options.uid = ::getuid();
  options.gid = ::getgid();
  session = std::make_unique<Session>(std::move(options), tree, clock, counters);
  auto started = session->start();
  if (!started) FAIL(started.error().message);
}

Mounted::~Mounted() {
  tree.release();
  session.reset();
}

bool can_mount() {
  static const bool can = [] {
    KernelTree tree;
    SystemClock clock;
    Counters counters;
    Scratch scratch;
    MountOptions options;
    options.mountpoint = scratch.path;
    options.uid = ::getuid();
    return Session(options, tree, clock, counters).start().has_value();
  }();
  return can;
}

Child::Child(std::vector<std::string> argv) {
  std::vector<char*> words;
  for (auto& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  int failed = ::posix_spawnp(&pid_, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) pid_ = -1;
}

Child::Child(int (*body)(const char*), const std::string& argument) {
  const char* text = argument.c_str();
  pid_ = ::fork();
  if (pid_ == 0) ::_exit(body(text));
}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

int Child::wait(int seconds) {
  if (pid_ <= 0) return -1;
  Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd ended{process.get(), POLLIN, 0};
  if (::poll(&ended, 1, seconds * 1000) != 1) return -1;
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 1000 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return holds();
}

int run(std::vector<std::string> argv) { return Child(std::move(argv)).wait(60); }

std::string read_fd(int fd) {
  std::string content;
  char buffer[5000];  // not a power of two: reads end inside pages
  for (off_t at = 0;;) {
    ssize_t n = ::pread(fd, buffer, sizeof buffer, at);
    if (n < 0) return "(error " + std::to_string(errno) + ")";
    if (n == 0) return content;
    content.append(buffer, static_cast<std::size_t>(n));
    at += n;
  }
}

Read read_whole(const std::string& path) {
  Read result;
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    result.error = errno;
    return result;
  }
  struct stat attributes;
  if (::fstat(fd.get(), &attributes) == 0) result.size = attributes.st_size;
  result.content = read_fd(fd.get());
  return result;
}

int write_whole(const std::string& path, int flags, const std::string& content) {
  int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  int error = 0;
  if (!content.empty() && ::write(fd, content.data(), content.size()) != static_cast<ssize_t>(content.size())) error = errno;
  if (::close(fd) != 0 && error == 0) error = errno;
  return error;
}

int open_error(const std::string& path, int flags) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  return fd ? 0 : errno;
}

off_t size_of(const std::string& path) {
  struct stat attributes;
  return ::stat(path.c_str(), &attributes) == 0 ? attributes.st_size : -errno;
}

}  // namespace rfs::testing
