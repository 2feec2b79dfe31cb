#include "backends/results/sealing.h"

#include <algorithm>

namespace rfs::results {
namespace {

constexpr std::size_t kAloneMost = 1u << 20;  // what the caller seals: a thread would cost more
constexpr std::size_t kBlock = 256u << 10, kBlocksMost = 16;

}  // namespace

Sealing::~Sealing() { state_.lock()->given_up = true; }

Result<> Sealing::take(BytesView bytes) {
  hash_.update(bytes);
  return draft_->append(bytes);
}

void Sealing::seal(Bytes block) {
  {
    auto state = state_.lock();
    if (state->failed || state->given_up) {
      --state->waiting;
      sealed_.notify_one();
      return;
    }
  }
  auto taken = take(block);
  block.clear();
  auto state = state_.lock();
  if (!taken) state->failed = std::move(taken.error());
  state->used.push_back(std::move(block));
  --state->waiting;
  sealed_.notify_one();
}

Result<> Sealing::hand_over() {
  Bytes next;
  {
    auto state = state_.lock();
    sealed_.wait(state.lock(), [&] { return state->waiting < kBlocksMost; });
    if (state->failed) return fail(*state->failed);
    ++state->waiting;
    if (!state->used.empty()) {
      next = std::move(state->used.back());
      state->used.pop_back();
    }
  }
  next.reserve(kBlock);
  auto full = std::make_shared<Bytes>(std::exchange(block_, std::move(next)));
  thread_->submit([this, full] { seal(std::move(*full)); });
  return {};
}

Result<> Sealing::append(BytesView bytes) {
  size_ += bytes.size();
  if (!thread_ && size_ <= kAloneMost) return take(bytes);
  if (!thread_) {
    thread_.emplace(1, "rfs-seal");
    block_.reserve(kBlock);
  }
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), kBlock - block_.size());
    block_.insert(block_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
    if (block_.size() == kBlock) TRY(hand_over());
  }
  return {};
}

Result<Sealing::Sealed> Sealing::finish() {
  if (thread_) {
    TRY(hand_over());
    thread_->stop();  // runs what is queued
    if (auto& failed = state_.lock()->failed) return fail(*failed);
  }
  TRY_ASSIGN(auto body, draft_->finish());
  return Sealed{std::move(body), hash_.finish()};
}

}  // namespace rfs::results
