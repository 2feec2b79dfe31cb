// Chain: the way of a read of api/. Memory, disk, peers, GitHub; one request for many readers; freshness.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/github/request.h"
#include "backends/memory_tier.h"
#include "backends/tier.h"
#include "base/error_ring.h"
#include "base/pool.h"
#include "base/reply.h"

namespace rfs {

enum class Freshness { kFresh, kImmutable, kStale };

struct ChainOptions {
  double confirm_window = 1.0;     // confirmed less than this long ago: opened without asking
  double negative_ttl = 10.0;      // a 404 is remembered that long, in memory only
  double stale_limit = 24 * 3600;  // stale bytes are served at most that long after their expiry
  Millis peer_deadline{50};
  Millis origin_deadline{30'000};  // of one flight, peers and retries included (--origin-timeout)
};

// The partition of the credential in use now (IdentitySource::current()), or why there is none. Chain never sees a
// token. Any thread; answered at once.
using PartitionNow = std::function<Result<std::string>()>;

class Chain {
 public:
  // store may be null: memory only. Everything named here outlives the Chain.
  Chain(ChainOptions options, MemoryTier& memory, DiskTier* store, RemoteTier& peers, OriginTier& origin,
        PartitionNow partition, const Clock& clock, Pool& pool, Counters& counters, ErrorRing& errors);
  // Answers every waiting reader kAborted and waits for what is running in here; later answers of tiers are ignored.
  ~Chain();

  // What is held for the present credential, fresh or not; null: nothing. Never waits, asks nobody: memory, then one
  // row of SQLite. Any thread.
  EntryPtr known(const ApiRequest& request);
  // True while a 404 for it is remembered. Any thread.
  bool known_absent(const ApiRequest& request);
  Freshness freshness(const Entry& entry) const;

  enum class Mode {
    kIfStale,  // fresh entries are answered at once
    kAlways,   // .now: asks GitHub in any case
  };
  // The newest version, by asking whoever must be asked; readers of one request share one flight.
  // Never blocks; `reply` may be called before fetch returns (fresh) or later from another thread. Any thread.
  void fetch(std::shared_ptr<const ApiRequest> request, Mode mode, Reply<EntryPtr> reply);

  // Keeps an entry that was made of others' bytes (the lines of a whole list) as the answer to `request`, for the
  // partition that those were fetched with. Its freshness is what meta says; answers the entry. Any thread, not a
  // worker of FUSE: it hashes the body.
  EntryPtr keep_derived(const ApiRequest& request, const std::string& partition, std::string body, Meta meta);
  // Counts a reader that is given `held` without fetch(); answers what to give.
  EntryPtr give(const EntryPtr& held);
  // True when `entry`, though stale, may stand in for an answer that failed with `code`.
  bool may_stand_in(const Entry& entry, Code code) const;
  // Forgets what is held of one request for the present credential.
  void forget(const ApiRequest& request);
  // Of the credential in use now, or why there is none.
  Result<std::string> partition() const;

  // Forgets every entry (all partitions) whose name below api/ matches, so that its next reader fetches it whole; "*"
  // is all. Answers how many. A failure says that the disk could not be made to forget.
  Result<std::uint64_t> invalidate(const std::string& pattern);
  // What rests after failures in a row: "disk reads", "disk writes", "peers".
  std::vector<std::string> resting() const;

  // Names held for the present credential directly below a directory of api/.
  Result<std::vector<Listed>> list(const std::string& directory);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rfs
