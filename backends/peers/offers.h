// Offers: what this node can give to members, by the pseudonym that they ask for, or by its SHA-256. An index in memory
// of where an entry lies; whether it may leave is looked at when it is asked for. Bounded: the oldest offer goes first.
// Any thread, but the loop of the peers must not call find(): it may read the disk.
#pragma once

#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "backends/github/routes.h"
#include "backends/memory_tier.h"
#include "backends/tier.h"
#include "base/sync.h"

namespace rfs {

struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept {
    std::size_t out;
    std::memcpy(&out, digest.data(), sizeof out);
    return out;
  }
};

class Offers {
 public:
  // ask_id: canonical key → pseudonym. store may be null. All that is named outlives it.
  Offers(MemoryTier& memory, DiskTier* store, const Routes& routes, std::function<Digest(BytesView)> ask_id);

  // An entry was had, confirmed, or put into cache/: offered from now on if it may leave.
  void learned(const Entry& entry);
  // Everything of the store: once, at the start. Not on a thread that others wait for.
  void load();
  // Null: a miss, also for what may not leave.
  EntryPtr find(const Digest& id);
  // The key of an entry of cache/ that was put here; "": a miss.
  std::string find_key(const Digest& id);
  EntryPtr find_body(const Digest& sha256);

  struct Fresh {
    Digest id{};
    std::uint64_t size = 0;
    double fetched_at = 0;
  };
  // The pseudonyms learned since the last call, at most `most`, newest first.
  std::vector<Fresh> fresh(std::size_t most);
  std::size_t size();

 private:
  struct Offer {
    Digest id{};
    std::string partition, canonical;
    Digest sha256{};
  };
  using Order = std::list<Offer>;  // newest first
  struct State {
    Order order;
    std::unordered_map<Digest, Order::iterator, DigestHash> by_id;
    std::unordered_map<Digest, Digest, DigestHash> by_sha256;  // body → an id that had it
    std::unordered_map<std::string, bool> judged;  // media type and SHA-256 of a body → may it leave
    std::vector<Fresh> fresh;
    std::unordered_map<Digest, std::string, DigestHash> keys;  // of cache/
  };
  bool may_leave(const Entry& entry, std::string_view accept);

  MemoryTier& memory_;
  DiskTier* const store_;
  const Routes& routes_;
  const std::function<Digest(BytesView)> ask_id_;
  Sync<State> state_;
};

}  // namespace rfs
