#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"

namespace rfs {
namespace {

constexpr std::size_t kMostOut = 1u << 20;
constexpr std::size_t kMostErr = 64u << 10;

struct Pipe {
  Fd read, write;
};

// Both ends above 2, so that no dup2 onto 0, 1 or 2 in the child can hit another pipe's end.
Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  for (Fd* end : {&pipe.read, &pipe.write}) {
    if (end->get() > 2) continue;
    int higher = ::fcntl(end->get(), F_DUPFD_CLOEXEC, 3);
    if (higher < 0) return fail_errno(errno, "cannot make a pipe");
    end->reset(higher);
  }
  return pipe;
}

// A child that does not read its input must not end this process by SIGPIPE: blocked in this thread, taken if raised.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    timespec none{};
    if (!was_pending_)
      while (sigtimedwait(&pipe_, nullptr, &none) < 0 && errno == EINTR) {
      }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_, before_;
  bool was_pending_;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const std::string& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

Result<pid_t> spawn(const std::string& program, const std::vector<std::string>& argv,
                    const std::vector<std::string>& env, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, in, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);  // its own group, so that the deadline ends its children too
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  int error = ::posix_spawnp(&pid, program.c_str(), &actions, &attributes, pointers(argv).data(), pointers(env).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error) return fail_errno(error, "cannot run " + argv[0]);
  return pid;
}

// Grows by doubling; what is outgrown is wiped.
class SecretBuffer {
 public:
  bool append(BytesView bytes) {
    if (size_ + bytes.size() > kMostOut) return false;
    if (size_ + bytes.size() > held_.size()) {
      SecretBytes larger(std::max<std::size_t>({4096, held_.size() * 2, size_ + bytes.size()}));
      std::copy_n(held_.reveal().begin(), size_, larger.reveal_mutable().begin());
      held_ = std::move(larger);
    }
    std::copy(bytes.begin(), bytes.end(), held_.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
    return true;
  }
  SecretBytes take() { return SecretBytes::copy_of(held_.reveal().first(size_)); }

 private:
  SecretBytes held_;
  std::size_t size_ = 0;
};

class Child {
 public:
  Child(pid_t pid, std::string name, SteadyTime deadline)
      : pid_(pid),
        name_(std::move(name)),
        deadline_(deadline),
        exit_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  ~Child() {
    if (reaped_) return;
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);  // where the group has not been made yet
    reap(0);
  }

  // Takes a piece of stdout; false: no more is wanted.
  using Take = std::function<Result<bool>(BytesView)>;

  // Feeds and drains until the child has ended, or its output has and nothing is left to feed. False: `take` had enough.
  Result<bool> talk(Fd in, Fd out, Fd err, BytesView input, const Take& take, Ran& ran) {
    NoSigpipe guard;
    SecretBytes buffer(64 * 1024);
    if (input.empty()) in.reset();
    if (in) ::fcntl(in.get(), F_SETFL, O_NONBLOCK);
    bool ended = false;
    // Once it has ended, what is in the pipes is read, but a grandchild that keeps them open is not waited for.
    while (out || err || (exit_ && !ended)) {
      pollfd fds[4] = {{in.get(), POLLOUT, 0},
                       {out.get(), POLLIN, 0},
                       {err.get(), POLLIN, 0},
                       {ended ? -1 : exit_.get(), POLLIN, 0}};
      auto left = std::chrono::ceil<Millis>(deadline_ - std::chrono::steady_clock::now()).count();
      if (left <= 0) return late();
      int n = ::poll(fds, 4, ended ? 0 : static_cast<int>(std::min<std::int64_t>(left, 60'000)));
      if (n < 0 && errno != EINTR) return fail_errno(errno, "cannot wait for " + name_);
      if (n == 0 && ended) break;
      if (n <= 0) continue;
      if (fds[0].revents) feed(in, input);
      if (fds[1].revents) {
        std::size_t got = drain(out, buffer);
        TRY_ASSIGN(const bool more, take(buffer.reveal().first(got)));
        if (!more) return false;
      }
      if (fds[2].revents) {
        std::size_t got = drain(err, buffer);
        ran.err.append(buffer.reveal_text().substr(0, std::min(got, kMostErr - ran.err.size())));
      }
      if (fds[3].revents) ended = true;
    }
    return true;
  }

  Result<int> wait() {
    // Its pipes are closed or it has ended; without pidfd (old kernels, some sandboxes) look every 5 ms.
    for (;;) {
      if (reap(WNOHANG)) return status_;
      auto left = std::chrono::ceil<Millis>(deadline_ - std::chrono::steady_clock::now()).count();
      if (left <= 0) return late();
      pollfd exited{exit_.get(), POLLIN, 0};
      ::poll(&exited, 1, exit_ ? static_cast<int>(std::min<std::int64_t>(left, 60'000)) : 5);
    }
  }

 private:
  tl::unexpected<Error> late() const {
    return fail(Code::kTimeout, name_ + " did not end in time", "run it by hand to see what it waits for");
  }

  bool reap(int flags) {
    int status = 0;
    pid_t pid;
    do {
      pid = ::waitpid(pid_, &status, flags);
    } while (pid < 0 && errno == EINTR);
    if (pid == 0) return false;
    reaped_ = true;
    if (pid == pid_) status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return true;
  }

  static void feed(Fd& in, BytesView& input) {
    ssize_t n = ::write(in.get(), input.data(), input.size());
    if (n > 0) input = input.subspan(static_cast<std::size_t>(n));
    if (input.empty() || (n < 0 && errno != EAGAIN && errno != EINTR)) in.reset();
  }

  static std::size_t drain(Fd& from, SecretBytes& buffer) {
    ssize_t n = ::read(from.get(), buffer.reveal_mutable().data(), buffer.size());
    if (n > 0) return static_cast<std::size_t>(n);
    if (n == 0 || errno != EINTR) from.reset();
    return 0;
  }

  const pid_t pid_;
  const std::string name_;
  const SteadyTime deadline_;
  Fd exit_;
  bool reaped_ = false;
  int status_ = -1;
};

Result<Ran> run(const std::vector<std::string>& argv, const std::vector<std::string>& env, Millis deadline,
                BytesView input, const Child::Take& take, const std::string& program = {}) {
  if (argv.empty()) return fail(Code::kInvalid, "no program to run");
  auto until = std::chrono::steady_clock::now() + deadline;
  TRY_ASSIGN(Pipe in, make_pipe());
  TRY_ASSIGN(Pipe out, make_pipe());
  TRY_ASSIGN(Pipe err, make_pipe());
  TRY_ASSIGN(pid_t pid, spawn(program.empty() ? argv[0] : program, argv, env, in.read.get(), out.write.get(), err.write.get()));
  Child child(pid, argv[0], until);
  in.read.reset();
  out.write.reset();
  err.write.reset();
  Ran ran;
  TRY_ASSIGN(const bool whole,
             child.talk(std::move(in.write), std::move(out.read), std::move(err.read), input, take, ran));
  if (!whole) return ran;
  TRY_ASSIGN(ran.exit_code, child.wait());
  return ran;
}

}  // namespace

Result<Ran> run_process(const std::vector<std::string>& argv, const std::vector<std::string>& env, Millis deadline,
                        BytesView input, const std::string& program) {
  SecretBuffer collected;
  const auto take = [&](BytesView bytes) -> Result<bool> {
    if (!collected.append(bytes)) return fail(Code::kTooLarge, argv[0] + " wrote more than 1 MiB");
    return true;
  };
  TRY_ASSIGN(Ran ran, run(argv, env, deadline, input, take, program));
  ran.out = collected.take();
  return ran;
}

Result<Ran> stream_process(const std::vector<std::string>& argv, const std::vector<std::string>& env, Millis deadline,
                           BytesView input, const std::function<bool(BytesView)>& sink) {
  return run(argv, env, deadline, input, [&](BytesView bytes) -> Result<bool> { return sink(bytes); });
}

}  // namespace rfs
