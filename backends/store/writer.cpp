#include "backends/store/writer.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

namespace rfs::store {

Writer::Writer(Hooks hooks, Limits limits, const Clock& clock, Counters& counters, std::shared_ptr<Faults> faults)
    : hooks_(std::move(hooks)), limits_(limits), clock_(clock), counters_(counters), faults_(std::move(faults)) {
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "store-writer");
}

Writer::~Writer() {
  state_.lock()->stopping = true;
  wake_.notify_all();
  thread_.join();
}

std::string Writer::key_text(const EntryKey& key) {
  std::string text(1, static_cast<char>(key.space));
  for (const std::string* part : {&key.partition, &key.cls}) text += std::to_string(part->size()) + ':' + *part;
  return text + key.canonical;
}

void Writer::push(State& state, Op op) {
  op.seq = ++state.seq;
  if (op.entry) {
    state.bytes += op.entry->body->memory();
    state.overlay[key_text(op.key)] = Overlay{{op.key, op.entry}, op.seq};
  } else if (op.kind == Op::Kind::kRemove) {
    state.overlay[key_text(op.key)] = Overlay{{op.key, nullptr}, op.seq};
  }
  state.queue.push_back(std::move(op));
}

Result<> Writer::queue_entry(Op::Kind kind, EntryPtr entry) {
  if (entry->body->size() > limits_.bytes) return remove(entry->key);
  Op op;
  op.kind = kind;
  op.key = entry->key;
  op.entry = std::move(entry);
  const bool room = [&] {
    auto state = state_.lock();
    if (state->bytes > kQueueBytes) return false;
    push(*state, std::move(op));
    return true;
  }();
  if (!room) {
    Error error{Code::kBusy, "the store takes more than the disk can write", "use a faster disk"};
    faults_->write_failed(error);
    return fail(std::move(error));
  }
  wake_.notify_all();
  if (auto trouble = faults_->trouble()) return fail(std::move(*trouble));
  return {};
}

Result<> Writer::remove(const EntryKey& key) {
  Op op;
  op.kind = Op::Kind::kRemove;
  op.key = key;
  push(*state_.lock(), std::move(op));
  wake_.notify_all();
  return {};
}

void Writer::touch(const Digest& id, std::int64_t used_ms) {
  auto state = state_.lock();
  // Beyond that the sampling of reads is good enough.
  if (state->touched.size() < 4 * kTouches) state->touched[id] = used_ms;
  if (state->touched.size() == kTouches) wake_.notify_all();
}

Result<std::uint64_t> Writer::wait(Op op) {
  op.done = std::make_shared<std::promise<Result<std::uint64_t>>>();
  auto answer = op.done->get_future();
  push(*state_.lock(), std::move(op));
  wake_.notify_all();
  return answer.get();
}

Result<> Writer::put_now(EntryPtr entry, bool sync) {
  if (entry->body->size() > limits_.bytes)
    return fail(Code::kTooLarge, "an entry is larger than the whole cache may be", "raise the size of the cache");
  Op op;
  op.kind = Op::Kind::kPut;
  op.key = entry->key;
  op.entry = std::move(entry);
  op.sync = sync;
  TRY(wait(std::move(op)));
  return {};
}

Result<> Writer::flush(bool sync) {
  Op op;
  op.kind = Op::Kind::kFlush;
  op.sync = sync;
  TRY(wait(std::move(op)));
  return {};
}

Result<> Writer::set_value(const std::string& name, const std::string& value) {
  Op op;
  op.kind = Op::Kind::kValue;
  op.name = name;
  op.value = value;
  TRY(wait(std::move(op)));
  return {};
}

Result<std::uint64_t> Writer::clear(Space space) {
  Op op;
  op.kind = Op::Kind::kClear;
  op.space = space;
  return wait(std::move(op));
}

std::optional<EntryPtr> Writer::queued(const EntryKey& key) {
  auto state = state_.lock();
  auto at = state->overlay.find(key_text(key));
  if (at == state->overlay.end()) return std::nullopt;
  return at->second.what.entry;
}

std::vector<Writer::Queued> Writer::all_queued() {
  std::vector<Queued> all;
  auto state = state_.lock();
  all.reserve(state->overlay.size());
  for (const auto& [text, overlay] : state->overlay) all.push_back(overlay.what);
  return all;
}

void Writer::wake() {
  state_.lock()->look = true;
  wake_.notify_all();
}

void Writer::run() {
  std::vector<Op> batch;
  Touches touches;
  while (next(batch, touches)) {
    repair_if_needed();
    process(batch, touches);
    batch.clear();
    touches.clear();
  }
}

bool Writer::next(std::vector<Op>& batch, Touches& touches) {
  // Nothing but touches and orphans to care for: they can wait.
  constexpr auto kIdle = std::chrono::seconds(30);
  constexpr auto kSoon = std::chrono::milliseconds(50);
  auto state = state_.lock();
  wake_.wait_for(
      state.lock(), maintain_soon_ ? kSoon : std::chrono::duration_cast<std::chrono::milliseconds>(kIdle),
      [&] { return !state->queue.empty() || state->stopping || state->look || state->touched.size() >= kTouches; });
  state->look = false;
  if (state->queue.empty() && state->stopping && state->touched.empty()) return false;
  std::uint64_t bytes = 0;
  while (!state->queue.empty() && batch.size() < kBatchOps && bytes < kBatchBytes) {
    Op& op = state->queue.front();
    bool alone = op.kind == Op::Kind::kClear;
    if (alone && !batch.empty()) break;
    if (op.entry) {
      bytes += op.entry->body->size();
      state->bytes -= std::min<std::uint64_t>(state->bytes, op.entry->body->memory());
    }
    bool end = alone || op.kind == Op::Kind::kFlush;
    batch.push_back(std::move(op));
    state->queue.pop_front();
    if (end) break;
  }
  touches.assign(state->touched.begin(), state->touched.end());
  state->touched.clear();
  return true;
}

void Writer::process(std::vector<Op>& batch, const Touches& touches) {
  std::vector<Result<>> results;
  if (!batch.empty() && batch.front().kind == Op::Kind::kClear) {
    auto cleared = run_clear(batch.front().space);
    if (!cleared) faults_->write_failed(cleared.error());
    batch.front().done->set_value(std::move(cleared));
    batch.clear();
  } else {
    results = write(batch, touches);
  }
  // A flush answers when what the writes before it made superfluous is gone too.
  bool flush = !batch.empty() && batch.back().kind == Op::Kind::kFlush;
  if (!flush) finish(batch, results);
  maintain_soon_ = maintain(flush);
  repair_if_needed();
  if (flush) finish(batch, results);
}

Result<> Writer::write_once(std::span<const Op> ops, const Touches& touches) {
  auto database = hooks_.database();
  auto written = write_batch(database, ops, touches, now_ms());
  // Once more with a body of its own, or in the database that takes the place of a corrupt one.
  if (!written && database->corrupt()) {
    database.reset();
    repair_if_needed();
    written = write_batch(hooks_.database(), ops, touches, now_ms());
  } else if (!written && written.error().code == Code::kStale) {
    written = write_batch(database, ops, touches, now_ms());
  }
  return written;
}

std::vector<Result<>> Writer::write(std::vector<Op>& batch, const Touches& touches) {
  std::vector<Result<>> results(batch.size());
  bool nothing =
      std::all_of(batch.begin(), batch.end(), [](const Op& op) { return op.kind == Op::Kind::kFlush && !op.sync; });
  if (nothing && touches.empty()) return results;
  auto all = write_once(batch, touches);
  if (!all && batch.size() > 1 && all.error().code != Code::kBusy && all.error().code != Code::kReadOnly) {
    // One of them is to blame, or there is room for some.
    all = {};
    for (std::size_t i = 0; i < batch.size(); ++i) {
      results[i] = write_once(std::span(batch).subspan(i, 1), {});
      if (!results[i]) all = results[i];
    }
  } else {
    std::fill(results.begin(), results.end(), all);
  }
  if (all) {
    faults_->write_succeeded();
  } else {
    faults_->write_failed(all.error());
  }
  return results;
}

Result<std::uint64_t> Writer::run_clear(Space space) {
  std::uint64_t total = 0;
  for (;;) {
    TRY_ASSIGN(std::uint64_t gone, clear_some(*hooks_.database(), space, now_ms()));
    if (gone == 0) return total;
    total += gone;
  }
}

void Writer::finish(std::vector<Op>& batch, const std::vector<Result<>>& results) {
  {
    auto state = state_.lock();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Op& op = batch[i];
      if (results[i] && op.kind != Op::Kind::kFlush) counters_.add(Counter::kStoreWrites);
      // What could not be removed stays absent at least for this process.
      if (!op.entry && (op.kind != Op::Kind::kRemove || !results[i])) continue;
      auto at = state->overlay.find(key_text(op.key));
      if (at != state->overlay.end() && at->second.seq == op.seq) state->overlay.erase(at);
    }
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i].done) continue;
    auto result = results[i];
    // What was queued before it may have failed in an earlier batch.
    auto trouble = batch[i].kind == Op::Kind::kFlush ? faults_->trouble() : std::nullopt;
    if (result && trouble) result = fail(std::move(*trouble));
    if (result) {
      batch[i].done->set_value(1);
    } else {
      batch[i].done->set_value(fail(std::move(result.error())));
    }
  }
}

void Writer::repair_if_needed() {
  auto database = hooks_.database();
  if (!database->corrupt() && !database->replaced()) return;
  database.reset();
  if (auto repaired = hooks_.repair(); !repaired) faults_->write_failed(repaired.error());
}

bool Writer::maintain(bool thorough) {
  auto more = try_maintain(thorough);
  if (more) return *more;
  faults_->write_failed(more.error());
  return false;
}

Result<bool> Writer::try_maintain(bool thorough) {
  auto database = hooks_.database();
  bool more = false;
  constexpr int kRounds = 8;  // then the queue has its turn
  for (int round = 0;; ++round) {
    TRY_ASSIGN(std::uint64_t gone, evict_some(*database, limits_, now_ms(), round > 0));
    counters_.add(Counter::kEvictions, gone);
    if (gone == 0) break;
    if (!thorough && round == kRounds) {
      more = true;
      break;
    }
  }
  for (;;) {
    TRY_ASSIGN(std::uint64_t gone, collect_some(*database, now_ms()));
    if (gone == 0) break;
    if (!thorough) {
      more = true;
      break;
    }
  }
  if (swept_ != database) {
    swept_ = database;
    sweep_.emplace(database);
  }
  if (sweep_) {
    TRY_ASSIGN(bool done, sweep_->some(now_ms()));
    if (done) sweep_.reset();
    more = more || !done;
  }
  return more;
}

}  // namespace rfs::store
