#include "fs/kernel/session.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <mutex>

#include "base/fd.h"
#include "base/handle.h"
#include "base/log.h"
#include "fs/kernel/mountpoint.h"
#include "fs/kernel/ops.h"
#include "fs/kernel/patience.h"

namespace rfs {
namespace {

using FuseSession = Handle<fuse_session, fuse_session_destroy>;
using LoopConfig = Handle<fuse_loop_config, fuse_loop_cfg_destroy>;

// Interrupts the loop's wait for its workers; it has an empty handler.
constexpr int kWake = SIGUSR2;
constexpr std::chrono::seconds kReadyLimit{15};
constexpr std::chrono::seconds kEndLimit{5};

// What libfuse says while it mounts is the best description of why it failed.
thread_local std::string* said = nullptr;

void fuse_says(fuse_log_level level, const char* format, va_list args) {
  char line[512];
  int length = std::vsnprintf(line, sizeof line, format, args);
  if (length <= 0) return;
  std::string text(line, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof line - 1));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (said && said->empty()) *said = text;
  log(level <= FUSE_LOG_ERR ? Level::kWarning : Level::kDebug, "libfuse: {}", text);
}

Result<> check_device() {
  if (::access("/dev/fuse", F_OK) != 0)
    return fail(Code::kUnsupported, "there is no /dev/fuse on this machine",
                "load the module (modprobe fuse), give the container --device /dev/fuse --cap-add SYS_ADMIN, or use `runnerfs serve`");
  Fd device(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!device && ::geteuid() == 0)
    return fail(Code::kDenied, "/dev/fuse cannot be opened", "the container needs access to the device; `runnerfs serve` works without");
  return {};
}

Result<> check_helper() {
  if (::geteuid() == 0) return {};
  const char* path = ::getenv("PATH");
  std::string_view rest = path ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    auto end = rest.find(':');
    std::string candidate = std::string(rest.substr(0, end)) + "/fusermount3";
    if (::access(candidate.c_str(), X_OK) == 0) return {};
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return fail(Code::kUnsupported, "fusermount3 is missing, and only root mounts without it", "install the package fuse3, or use `runnerfs serve`");
}

}  // namespace

struct Session::Impl {
  Impl(MountOptions o, Namespace& root, const Clock& clock, Counters& counters)
      : options(std::move(o)), ops(std::make_shared<Ops>(options, root, clock, counters)) {}

  std::string option_text() const {
    std::string text = "fsname=" + options.source + ",subtype=runnerfs,default_permissions,nosuid,nodev";
    // Without it the kernel lets nobody in but the mounter, who need not be the one that is served.
    if (options.allow_other || options.uid != ::geteuid()) text += ",allow_other";
    if (options.read_only) text += ",ro";
    for (const auto& one : options.fuse_options) text += "," + one;
    return text;
  }

  void loop();
  Result<> mount();
  bool wait_ended(std::chrono::seconds limit);
  void end_loop();
  void close();

  const MountOptions options;
  const std::shared_ptr<Ops> ops;
  FuseSession session;
  std::thread thread;
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;    // INIT was answered
  bool running = false;  // the loop
  std::mutex stopping;   // one stop() at a time; before `mutex`
};

void Session::Impl::loop() {
  LoopConfig config(fuse_loop_cfg_create());
  fuse_loop_cfg_set_clone_fd(config.get(), 0);
  fuse_loop_cfg_set_max_threads(config.get(), options.max_threads);
  int result = fuse_session_loop_mt(session.get(), config.get());
  if (result != 0 && result != -EINTR) log(Level::kDebug, "the loop ended: {}", result);
  std::lock_guard lock(mutex);
  running = false;
  changed.notify_all();
}

Result<> Session::Impl::mount() {
  fuse_args args = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&args, "runnerfs");
  fuse_opt_add_arg(&args, "-o");
  fuse_opt_add_arg(&args, option_text().c_str());
  std::string reason;
  said = &reason;
  session.reset(fuse_session_new(&args, &Ops::table(), sizeof(fuse_lowlevel_ops), ops.get()));
  fuse_opt_free_args(&args);
  bool mounted = session && fuse_session_mount(session.get(), options.mountpoint.c_str()) == 0;
  said = nullptr;
  if (!session)
    return fail(Code::kUsage, "a mount option is not accepted: " + (reason.empty() ? option_text() : reason), "see runnerfs(1) for the options of mount");
  if (mounted) return {};
  session.reset();
  std::string hint = "run `runnerfs doctor`";
  if (options.allow_other && ::geteuid() != 0) hint = "for allow_other /etc/fuse.conf must have a line user_allow_other";
  if (reason.find("not permitted") != std::string::npos || reason.find("Permission") != std::string::npos)
    hint = "mounting needs CAP_SYS_ADMIN or the setuid fusermount3 and a mountpoint of your own; `runnerfs serve` works without";
  return fail(Code::kDenied, "cannot mount at " + options.mountpoint + (reason.empty() ? "" : ": " + reason), hint);
}

bool Session::Impl::wait_ended(std::chrono::seconds limit) {
  std::unique_lock lock(mutex);
  return changed.wait_for(lock, limit, [&] { return !running; });
}

// The loop's own thread waits for its workers in sem_wait(3), which only a signal interrupts; then it sees that it is
// to exit, and cancels them where they read from the device. Sent again until it took effect, as the loop may not have
// come to its wait yet.
void Session::Impl::end_loop() {
  fuse_session_exit(session.get());
  std::unique_lock lock(mutex);
  while (running) {
    pthread_kill(thread.native_handle(), kWake);
    changed.wait_for(lock, std::chrono::milliseconds(20), [&] { return !running; });
  }
}

void Session::Impl::close() {
  if (thread.joinable()) thread.join();
  if (!session) return;
  ops->pending().abort_all();
  ops->pending().drain();
  fuse_session_unmount(session.get());  // closes the device: nothing waits for us any more
  ops->notifier().stop();
  session.reset();
}

Session::Session(MountOptions options, Namespace& root, const Clock& clock, Counters& counters)
    : impl_(std::make_unique<Impl>(std::move(options), root, clock, counters)) {}

Session::~Session() {
  (void)stop(true);
  impl_->close();
}

Result<> Session::start() {
  TRY(check_device());
  TRY(check_helper());
  fuse_set_log_func(fuse_says);
  struct sigaction wake {};
  wake.sa_handler = [](int) {};
  sigaction(kWake, &wake, nullptr);

  Impl& impl = *impl_;
  impl.ops->on_init([this] {
    std::lock_guard lock(impl_->mutex);
    impl_->ready = true;
    impl_->changed.notify_all();
  });
  TRY(impl.mount());
  impl.running = true;
  impl.thread = quiet_thread([this] {
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, kWake);
    pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    impl_->loop();
  });
  impl.ops->notifier().start(impl.session.get());
  {
    std::unique_lock lock(impl.mutex);
    impl.changed.wait_for(lock, kReadyLimit, [&] { return impl.ready || !impl.running; });
    if (!impl.ready) {
      lock.unlock();
      (void)stop(true);
      return fail(Code::kTimeout, "the kernel did not begin to talk to the filesystem", "look at the kernel's log (dmesg)");
    }
  }
  std::string point = impl.options.mountpoint;
  auto answered = with_patience([point] {
    struct statfs numbers;
    return ::statfs(point.c_str(), &numbers) == 0 ? 0 : errno;
  });
  // EACCES: mounted for another user, whom alone the kernel lets in.
  if (answered && (*answered == 0 || *answered == EACCES)) return {};
  (void)stop(true);
  return fail(Code::kTimeout, "the mount at " + point + " does not answer", "look at the kernel's log (dmesg)");
}

void Session::wait() {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait(lock, [&] { return !impl_->running; });
}

Result<> Session::stop(bool lazy) {
  Impl& impl = *impl_;
  std::lock_guard one(impl.stopping);
  {
    std::lock_guard lock(impl.mutex);
    if (!impl.running) return {};
  }
  impl.ops->pending().abort_all();
  auto unmounted = unmount(impl.options.mountpoint, false);
  if (!unmounted && unmounted.error().code == Code::kBusy && lazy) unmounted = unmount(impl.options.mountpoint, true);
  if (!unmounted && unmounted.error().code != Code::kNotFound) {
    if (!lazy) {
      impl.ops->pending().resume();
      return unmounted;
    }
    log(Level::kWarning, "{}", unmounted.error().message);
  }
  // Detached, but held open by somebody: the kernel goes on asking, and we stop answering.
  if (!impl.wait_ended(lazy ? std::chrono::seconds(1) : kEndLimit)) impl.end_loop();
  return {};
}

bool Session::ended() const {
  std::lock_guard lock(impl_->mutex);
  return !impl_->running;
}

std::size_t Session::nodes() const { return impl_->ops->nodes().size(); }
std::size_t Session::waiting() const { return impl_->ops->pending().waiting(); }
void Session::forget_name(const std::string& path) { impl_->ops->notifier().forget_name(path); }

}  // namespace rfs
