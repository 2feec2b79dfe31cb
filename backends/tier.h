// The tiers below a read, in their order: memory, disk, peers, GitHub. Chain asks them; they do not know each other.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/entry.h"
#include "base/result.h"
#include "base/time.h"

namespace rfs {

// What a listing shows: one name directly below a directory.
struct Listed {
  std::string name;
  bool directory = false;
  std::uint64_t size = 0;
  double mtime = 0;
  double expires = 0;  // wall seconds; 0 for directories
};

// A tier on this machine. Any thread; at most one SQLite read or one lock each; never the network.
class LocalTier {
 public:
  virtual ~LocalTier() = default;
  // Value, null (absent), or a failure, which Chain counts and treats as absent.
  virtual Result<EntryPtr> find(const EntryKey& key) = 0;
  // Keeps the entry. A tier may keep it later (queue) or not at all (too large); it never keeps half of it.
  virtual Result<> put(const EntryPtr& entry) = 0;
  // Same body, new Meta (after a 304).
  virtual Result<> update(const EntryPtr& entry) = 0;
  // Forgets it; fine when absent.
  virtual Result<> remove(const EntryKey& key) = 0;
};

// The tier on disk: EntryStore. What Chain and Cache need of it beside the four words above. Any thread. It counts and
// tells its failures itself (Counters, ErrorRing), each once; who calls it goes on without it.
class DiskTier : public LocalTier {
 public:
  // Like put, and returns when it is committed: durable against kill -9. sync: also against power loss (fsync).
  virtual Result<> put_now(const EntryPtr& entry, bool sync) = 0;
  // Returns when everything queued before it is committed, or why it could not be.
  virtual Result<> flush(bool sync) = 0;
  // Names directly below a directory for one partition and class. Sorted by name.
  virtual Result<std::vector<Listed>> list(Space space, const std::string& partition, const std::string& cls,
                                           const std::string& directory) = 0;
  // Calls `visit` for each entry of a space (all partitions when null); false ends it. For invalidate by pattern.
  virtual Result<> each(Space space, const std::string* partition, const std::function<bool(const Entry&)>& visit) = 0;
};

struct ApiRequest;  // backends/github/request.h

// What is asked of a remote tier.
struct Ask {
  std::shared_ptr<const ApiRequest> request;
  EntryPtr own;     // this credential's entry, if any: to be revalidated
  EntryPtr shared;  // an entry for all credentials that this one has not been vouched for, if any
  SteadyTime deadline;
};

struct Answer {
  EntryPtr entry;       // never null; its key is this credential's partition
  bool changed = true;  // false: same body as own (or as shared, which is now vouched for)
  bool keep = true;     // false: for who asked alone (Cache-Control: no-store)
  // Of peers alone. True: it is believed as it is, until its time is over, and kept in memory; false: GitHub has to
  // confirm it for this credential.
  bool word = false;
  // Told what GitHub said of a body that had to be confirmed; at most once, on any thread. May be null.
  std::function<void(bool confirmed)> verdict;
};

// A tier beyond this machine.
class RemoteTier {
 public:
  virtual ~RemoteTier() = default;
  // Never blocks. `done` is called exactly once, on any thread, at the latest at the deadline; a body that is on its way
  // by then may take somewhat longer, as long as it arrives.
  // Null answer: this tier does not have it (only an optional tier may say so). Failure: why not.
  virtual void ask(Ask ask, std::function<void(Result<std::optional<Answer>>)> done) = 0;
  // A tier below this one answered it, and it was kept. Any thread; returns at once.
  virtual void learned(const EntryPtr&) {}
};

// The last tier: GitHub. What Chain needs of it beside ask(). Any thread; answered at once.
class OriginTier : public RemoteTier {
 public:
  // True when the window of this request's resource is low or gone for the current identity: prefer a copy.
  virtual bool prefer_stale(const ApiRequest& request) = 0;
  // "api.github.com", as canonical_key wants it.
  virtual const std::string& host() const = 0;
};

// The peers until there are any: always a miss, at once.
class NoPeers final : public RemoteTier {
 public:
  void ask(Ask, std::function<void(Result<std::optional<Answer>>)> done) override { done(std::nullopt); }
};

}  // namespace rfs
