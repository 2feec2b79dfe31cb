#include "fs/kernel/session.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <thread>

#include "base/fd.h"
#include "base/log.h"
#include "base/sync.h"
#include "fs/kernel/mount.h"
#include "fs/kernel/mountinfo.h"
#include "fs/kernel/mountpoint.h"
#include "fs/kernel/ops.h"
#include "fs/kernel/patience.h"
#include "fs/kernel/quiet_thread.h"

namespace rfs {
namespace {

using LoopConfig = Handle<fuse_loop_config, fuse_loop_cfg_destroy>;
using Seconds = std::chrono::seconds;

constexpr Seconds kStart{10};   // until the kernel has sent INIT
constexpr Seconds kBusyFor{4};  // readers that were just aborted need a moment to close their files
constexpr Seconds kEnd{3};      // until the loop has ended after that
constexpr Millis kAgain{50};

}  // namespace

struct Session::Impl {
  Impl(MountOptions wanted, Namespace& root, const Clock& clock, Counters& counters)
      : options(std::move(wanted)), ops(std::make_shared<Ops>(options, root, clock, counters)) {}

  struct State {
    bool started = false;
    bool ready = false;  // INIT was answered
    bool ended = false;  // the loop is over and the connection closed
  };

  void run();
  bool wait_for(std::chrono::milliseconds limit, bool State::*member);
  Result<> unmount_ours(bool lazy);
  Result<> unmount_patiently(bool lazy);
  void end_loop(Fd inside);
  void join();

  MountOptions options;
  const std::shared_ptr<Ops> ops;
  FuseSession session;
  std::string device;  // of our mount, as mountinfo shows it
  Sync<State> state;
  std::condition_variable changed;
  std::mutex joining;
  std::thread loop;
  std::mutex stopping;
};

bool Session::Impl::wait_for(std::chrono::milliseconds limit, bool State::*member) {
  auto now = state.lock();
  return changed.wait_for(now.lock(), limit, [&] { return (*now).*member || now->ended; });
}

// The loop's own thread. It ends when the mount is gone, whoever unmounted it, and cleans up behind.
void Session::Impl::run() {
  LoopConfig config(fuse_loop_cfg_create());
  fuse_loop_cfg_set_max_threads(config.get(), options.max_threads);
  fuse_loop_cfg_set_clone_fd(config.get(), 0);
  fuse_session_loop_mt(session.get(), config.get());
  // No worker is left. Whoever still has an answer for the kernel must be through before the session goes.
  ops->pending().abort_all();
  ops->notifier().stop();
  ops->pending().drain();
  FuseSession over;
  {
    auto now = state.lock();
    over = std::move(session);
  }
  over.reset();
  state.lock()->ended = true;
  changed.notify_all();
}

Result<> Session::Impl::unmount_ours(bool lazy) {
  TRY_ASSIGN(auto mounted, mount_at(options.mountpoint));
  if (!mounted) return fail(Code::kNotFound, "nothing is mounted at " + options.mountpoint);
  if (mounted->device != device)
    return fail(Code::kBusy, "another filesystem was mounted over " + options.mountpoint, "unmount that one first");
  return unmount(options.mountpoint, lazy);
}

Result<> Session::Impl::unmount_patiently(bool lazy) {
  auto until = std::chrono::steady_clock::now() + (lazy ? Seconds(1) : kBusyFor);
  for (;;) {
    auto unmounted = unmount_ours(false);
    if (unmounted || unmounted.error().code != Code::kBusy) return unmounted;
    if (std::chrono::steady_clock::now() >= until) return unmounted;
    if (wait_for(kAgain, &State::ended)) return {};
  }
}

// After a lazy unmount somebody may hold files open, and the loop would go on until these are closed. libfuse's loop
// ends when a worker returns from a request after exit(); `inside`, a directory of the mount, lets us send it one.
void Session::Impl::end_loop(Fd inside) {
  ops->notifier().stop();  // while the loop still answers the lookups that it may wait for
  {
    auto now = state.lock();  // the loop may be ending by itself, and its session with it
    if (session) fuse_session_exit(session.get());
  }
  with_patience([inside = std::make_shared<Fd>(std::move(inside))] {
    struct statvfs numbers;
    return ::fstatvfs(inside->get(), &numbers);
  });
}

void Session::Impl::join() {
  std::lock_guard lock(joining);
  if (loop.joinable()) loop.join();
}

Session::Session(MountOptions options, Namespace& root, const Clock& clock, Counters& counters)
    : impl_(std::make_unique<Impl>(std::move(options), root, clock, counters)) {}

Session::~Session() {
  if (!impl_->state.lock()->started) return;
  if (auto stopped = stop(true); !stopped) {
    // Something of it still runs, so its memory must stay.
    log(Level::kError, "the filesystem could not be ended: {}", stopped.error().message);
    if (!ended()) {
      (void)impl_.release();
      return;
    }
  }
  impl_->join();
}

Result<> Session::start() {
  TRY_ASSIGN(impl_->options.mountpoint, resolve_mountpoint(impl_->options.mountpoint));
  const std::string& point = impl_->options.mountpoint;
  impl_->ops->on_init([impl = impl_.get()] {
    impl->state.lock()->ready = true;
    impl->changed.notify_all();
  });
  TRY_ASSIGN(impl_->session, mount(impl_->options, Ops::table(), impl_->ops.get()));
  TRY_ASSIGN(auto mounted, mount_at(point));
  if (mounted) impl_->device = mounted->device;
  impl_->ops->notifier().start(impl_->session.get());
  impl_->state.lock()->started = true;
  impl_->loop = quiet_thread([impl = impl_.get()] { impl->run(); });

  bool ready = impl_->wait_for(kStart, &Impl::State::ready) && !ended();
  if (ready) {
    auto answered = with_patience([point] {
      struct statvfs numbers;
      return ::statvfs(point.c_str(), &numbers) == 0 ? 0 : errno;
    });
    // EACCES: mounted for another user, whom alone the kernel lets in.
    ready = answered && (*answered == 0 || *answered == EACCES);
  }
  if (ready) return {};
  (void)stop(true);
  return fail(Code::kTimeout, "the kernel did not take up the mount at " + point,
              "try again; if it stays so, see dmesg for what the kernel says");
}

void Session::wait() {
  {
    auto state = impl_->state.lock();
    impl_->changed.wait(state.lock(), [&] { return !state->started || state->ended; });
  }
  impl_->join();
}

Result<> Session::stop(bool lazy) {
  std::lock_guard one_at_a_time(impl_->stopping);
  if (auto state = impl_->state.lock(); !state->started || state->ended) return {};
  impl_->ops->pending().abort_all();
  auto unmounted = impl_->unmount_patiently(lazy);
  Fd inside;
  if (!unmounted && unmounted.error().code == Code::kBusy && lazy) {
    inside = Fd(::open(impl_->options.mountpoint.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    unmounted = impl_->unmount_ours(true);
  }
  if (!unmounted && unmounted.error().code != Code::kNotFound) {
    if (ended()) return {};
    impl_->ops->pending().resume();
    return unmounted;
  }
  if (inside) impl_->end_loop(std::move(inside));
  if (impl_->wait_for(kEnd, &Impl::State::ended)) return impl_->join(), Result<>();
  return fail(Code::kTimeout, "the filesystem is unmounted, but a request of it does not end");
}

bool Session::ended() const { return impl_->state.lock()->ended; }
std::size_t Session::nodes() const { return impl_->ops->nodes().size(); }
std::size_t Session::waiting() const { return impl_->ops->pending().waiting(); }
void Session::forget_name(const std::string& path) { impl_->ops->notifier().forget_name(path); }

}  // namespace rfs
