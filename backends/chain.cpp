#include "backends/chain.h"

#include <cmath>

#include "backends/chain_impl.h"
#include "backends/glob.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

// A wall clock may be this much behind the one that wrote an entry; beyond it the entry's times mean nothing.
constexpr double kClockSlack = 300;

}  // namespace

Freshness Chain::Impl::freshness(const Entry& entry) const {
  const Meta& meta = entry.meta;
  const double now = clock.wall();
  if (entry.key.partition.empty()) return Freshness::kStale;  // nobody vouched for it yet
  if (meta.immutable) return Freshness::kImmutable;
  if (meta.validated_at > now + kClockSlack) return Freshness::kStale;
  if (now < meta.expires_at || std::abs(now - meta.validated_at) < options.confirm_window) return Freshness::kFresh;
  return Freshness::kStale;
}

void Chain::Impl::count_held(const Entry& entry) {
  counters.add(Counter::kHits);
  counters.add(Counter::kLocalHits);
  counters.add(entry.found == Source::kDisk ? Counter::kDiskHits : Counter::kMemoryHits);
  counters.add(Counter::kApiCallsSaved);
}

// Every reader is one hit or one miss. A miss is the one reader for whom the origin sent, or failed to send, content;
// those who joined it cost nothing.
void Chain::Impl::count(const Result<EntryPtr>& result, Ending ending, bool first) {
  if (result && ending == Ending::kFailed) {
    counters.add(Counter::kStaleServed);
    return count_held(**result);
  }
  if (result && (ending == Ending::kHeld || ending == Ending::kConfirmed)) return count_held(**result);
  if (result && ending == Ending::kPeer) {
    counters.add(Counter::kHits);
    counters.add(Counter::kPeerHits);
    counters.add(Counter::kApiCallsSaved);
    return;
  }
  if (first) {
    counters.add(Counter::kMisses);
  } else if (result) {
    counters.add(Counter::kHits);
    counters.add(Counter::kLocalHits);
    counters.add(Counter::kApiCallsSaved);
  }
}

Chain::Chain(ChainOptions options, MemoryTier& memory, DiskTier* store, RemoteTier& peers, OriginTier& origin,
             PartitionNow partition, const Clock& clock, Pool& pool, Counters& counters, ErrorRing& errors)
    : impl_(std::make_shared<Impl>(options, memory, store, peers, origin, std::move(partition), clock, pool, counters,
                                   errors)) {}

Chain::~Chain() { impl_->close(); }

EntryPtr Chain::known(const ApiRequest& request) {
  if (!request.store) return nullptr;
  auto partition = impl_->partition();
  if (!partition) return nullptr;
  return impl_->local.find(entry_key(impl_->origin.host(), request, *partition));
}

bool Chain::known_absent(const ApiRequest& request) {
  auto partition = impl_->partition();
  if (!partition) return false;
  return impl_->negatives.contains(unique_text(entry_key(impl_->origin.host(), request, *partition)));
}

Freshness Chain::freshness(const Entry& entry) const { return impl_->freshness(entry); }

void Chain::fetch(std::shared_ptr<const ApiRequest> request, Mode mode, Reply<EntryPtr> reply) {
  auto partition = impl_->partition();
  if (!partition) {
    impl_->errors.add("api/" + request->display, partition.error());
    return reply(fail(std::move(partition.error())));
  }
  EntryKey key = entry_key(impl_->origin.host(), *request, *partition);
  if (mode == Mode::kIfStale) {
    if (impl_->negatives.contains(unique_text(key))) {
      impl_->counters.add(Counter::kNegativeHits);
      impl_->counters.add(Counter::kApiCallsSaved);
      return reply(fail(Code::kNotFound, "github said a moment ago that it does not exist",
                        "it is asked again in some seconds; `cat --fresh` asks at once"));
    }
    EntryPtr held = request->store ? impl_->local.find(key) : nullptr;
    if (held && impl_->freshness(*held) != Freshness::kStale) {
      return reply(impl_->give(held));
    }
    if (held && impl_->may_serve_stale(*held) && impl_->origin.prefer_stale(*request)) {
      impl_->counters.add(Counter::kStaleServed);
      return reply(impl_->give(held));
    }
  }
  impl_->join_or_start(std::move(request), std::move(key), mode, std::move(reply));
}

EntryPtr Chain::keep_derived(const ApiRequest& request, const std::string& partition, std::string body, Meta meta) {
  auto entry = std::make_shared<Entry>();
  entry->key = entry_key(impl_->origin.host(), request, partition);
  entry->meta = std::move(meta);
  entry->sha256 = sha256(view(body));
  entry->body = std::make_shared<MemoryBody>(std::move(body));
  if (request.store) impl_->local.put(entry);
  return entry;
}

EntryPtr Chain::give(const EntryPtr& held) { return impl_->give(held); }
bool Chain::may_stand_in(const Entry& entry, Code code) const { return impl_->may_stand_in(entry, code); }
Result<std::string> Chain::partition() const { return impl_->partition(); }

void Chain::forget(const ApiRequest& request) {
  if (auto partition = impl_->partition())
    (void)impl_->local.remove(entry_key(impl_->origin.host(), request, *partition));
}

std::vector<std::string> Chain::resting() const {
  std::vector<std::string> out = impl_->local.resting();
  if (impl_->peers_breaker.open()) out.emplace_back("peers");
  return out;
}

Result<std::uint64_t> Chain::invalidate(const std::string& pattern) {
  std::vector<EntryKey> keys;
  impl_->local.each(Space::kApi, [&](const Entry& entry) {
    const EntryKey& key = entry.key;
    const std::string path = key.directory.empty() ? key.name : key.directory + "/" + key.name;
    if (matches_pattern(pattern, path)) keys.push_back(key);
  });
  Result<> worst;
  for (const EntryKey& key : keys)
    if (auto removed = impl_->local.remove(key); !removed) worst = std::move(removed);
  if (worst) worst = impl_->local.removed(keys);
  impl_->counters.add(Counter::kInvalidations, keys.size());
  if (!worst) return fail(std::move(worst.error()));
  return keys.size();
}

Result<std::vector<Listed>> Chain::list(const std::string& directory) {
  TRY_ASSIGN(std::string partition, impl_->partition());
  return impl_->local.list(Space::kApi, partition, "", directory);
}

}  // namespace rfs
