// Writer: the one thread that writes to a store. What is queued is committed together, and found meanwhile.
// All public functions: any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "backends/store/batch.h"
#include "backends/store/evict.h"
#include "base/counters.h"
#include "base/sync.h"
#include "base/time.h"

namespace rfs::store {

class Writer {
 public:
  struct Hooks {
    // The database as it is now; never null.
    std::function<std::shared_ptr<Database>()> database;
    // It is corrupt or was replaced: put another in its place. Called by the writer thread alone.
    std::function<Result<>()> repair;
  };
  Writer(Hooks hooks, Limits limits, const Clock& clock, Counters& counters, std::shared_ptr<Faults> faults);
  // Writes what is queued.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Queue and return. An entry over the byte limit of the store is not kept, nor is the version it replaces. While
  // writes fail, the failure is answered, and it is tried all the same. kBusy: too much is queued; it is not kept.
  Result<> put(EntryPtr entry) { return queue_entry(Op::Kind::kPut, std::move(entry)); }
  Result<> update(EntryPtr entry) { return queue_entry(Op::Kind::kUpdate, std::move(entry)); }
  Result<> remove(const EntryKey& key);
  void touch(const Digest& id, std::int64_t used_ms);

  // Wait until it, and all that was queued before, is committed.
  Result<> put_now(EntryPtr entry, bool sync);
  Result<> flush(bool sync);
  Result<> set_value(const std::string& name, const std::string& value);
  Result<std::uint64_t> clear(Space space);

  // What is queued for a key: null when it is a removal; nullopt when nothing is.
  std::optional<EntryPtr> queued(const EntryKey& key);
  struct Queued {
    EntryKey key;
    EntryPtr entry;  // null: removed
  };
  std::vector<Queued> all_queued();
  // Look whether the database is still good.
  void wake();

 private:
  static constexpr std::size_t kBatchOps = 256;
  static constexpr std::uint64_t kBatchBytes = 16u << 20;
  static constexpr std::uint64_t kQueueBytes = 256u << 20;  // of bodies in memory
  static constexpr std::size_t kTouches = 512;

  struct Overlay {
    Queued what;
    std::uint64_t seq = 0;
  };
  struct State {
    std::deque<Op> queue;
    std::unordered_map<std::string, Overlay> overlay;  // by key_text()
    std::map<Digest, std::int64_t> touched;
    std::uint64_t seq = 0;
    std::uint64_t bytes = 0;
    bool stopping = false;
    bool look = false;
  };
  static std::string key_text(const EntryKey& key);
  static void push(State& state, Op op);
  Result<> queue_entry(Op::Kind kind, EntryPtr entry);
  Result<std::uint64_t> wait(Op op);
  std::int64_t now_ms() const { return static_cast<std::int64_t>(clock_.wall() * 1000); }

  // The writer thread.
  void run();
  // Waits for work; false: stop.
  bool next(std::vector<Op>& batch, Touches& touches);
  void process(std::vector<Op>& batch, const Touches& touches);
  std::vector<Result<>> write(std::vector<Op>& batch, const Touches& touches);
  Result<> write_once(std::span<const Op> ops, const Touches& touches);
  Result<std::uint64_t> run_clear(Space space);
  void finish(std::vector<Op>& batch, const std::vector<Result<>>& results);
  void repair_if_needed();
  // Evicts and collects: all that is to be done when `thorough`, else a part. True: there is more.
  bool maintain(bool thorough);
  Result<bool> try_maintain(bool thorough);

  const Hooks hooks_;
  const Limits limits_;
  const Clock& clock_;
  Counters& counters_;
  const std::shared_ptr<Faults> faults_;
  Sync<State> state_;
  std::condition_variable wake_;

  // Of the writer thread alone.
  std::shared_ptr<Database> swept_;  // the database that sweep_ walks, or has walked
  std::optional<Sweep> sweep_;
  bool maintain_soon_ = true;

  std::thread thread_;
};

}  // namespace rfs::store
