#include "backends/secrets/audit_pace.h"

#include "base/log.h"

namespace rfs::audit {
namespace {

constexpr auto kStep = std::chrono::milliseconds(500);  // so that a sync begins well within the second
constexpr auto kEpoch = std::chrono::seconds(60);

}  // namespace

Pace::Pace(Journal& journal, std::function<bool(bool)> tick, std::function<void()> epoch)
    : journal_(journal), tick_(std::move(tick)), epoch_(std::move(epoch)), thread_([this] { run(); }) {}

Pace::~Pace() {
  {
    const std::lock_guard guard(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Pace::written() {
  ++written_;
  if (idle_) wake();
}

void Pace::wake() {
  asked_ = true;
  if (!idle_) return;
  // Under the mutex, so that it is not missed between the thread's look and its sleep.
  const std::lock_guard guard(mutex_);
  changed_.notify_one();
}

Result<> Pace::poisoned(const Error& error) {
  is_poisoned_ = true;
  *poison_.lock() = error.message;
  log(Level::kError, "audit: {}; credentials are refused until runnerfs is restarted", error.message);
  return fail(error);
}

std::string Pace::poison() { return is_poisoned_ ? *poison_.lock() : ""; }

Result<> Pace::sync() {
  const std::uint64_t mine = written_;
  const std::lock_guard guard(sync_mutex_);
  if (is_poisoned_) return fail(Code::kBroken, poison());
  if (synced_ >= mine) return {};
  const std::uint64_t all = written_;
  if (auto synced = journal_.sync(); !synced) return poisoned(synced.error());
  synced_ = all;
  return {};
}

bool Pace::checkpoint() {
  const std::uint64_t all = written_;
  if (is_poisoned_ || checkpointed_ == all) return false;
  const std::lock_guard guard(sync_mutex_);
  if (auto done = journal_.checkpoint(); !done) return static_cast<void>(poisoned(done.error())), false;
  synced_ = checkpointed_ = all;
  return true;
}

// Until there is something to do, or `end`. False: to stop.
bool Pace::wait(std::chrono::steady_clock::time_point end) {
  std::unique_lock lock(mutex_);
  const auto work = [&] { return stop_ || asked_ || (written_ != synced_ && !is_poisoned_); };
  idle_ = true;
  if (written_ == checkpointed_ || is_poisoned_)
    changed_.wait(lock, work);
  else
    changed_.wait_until(lock, end, work);
  idle_ = false;
  return !stop_;
}

// Lets lines come together for one sync. False: to stop.
bool Pace::gather() {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, kStep, [&] { return stop_; });
}

void Pace::run() {
  auto epoch = std::chrono::steady_clock::now() + kEpoch;
  while (wait(epoch)) {
    const bool work = asked_ || written_ != synced_;
    if (work && !gather()) break;
    asked_ = false;
    if (tick_(false)) asked_ = true;
    if (!is_poisoned_ && synced_ != written_) static_cast<void>(sync());
    const auto now = std::chrono::steady_clock::now();
    if (now < epoch && written_ - checkpointed_ < kLinesOfEpoch) continue;
    if (checkpoint()) epoch_();
    epoch = now + kEpoch;
  }
  tick_(true);
  checkpoint();
}

}  // namespace rfs::audit
