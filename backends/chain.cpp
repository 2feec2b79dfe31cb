#include "backends/chain.h"

#include <cmath>
#include <condition_variable>
#include <unordered_map>

#include "backends/breaker.h"
#include "backends/glob.h"
#include "backends/local_tiers.h"
#include "backends/negative.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

// A wall clock may be this much behind the one that wrote an entry; beyond it the entry's times mean nothing.
constexpr double kClockSlack = 300;

struct Reader {
  Chain::Mode mode;
  Reply<EntryPtr> reply;
};

// One question under way. It lives until it is answered, whether or not its readers still wait.
struct Flight {
  std::string id;
  std::shared_ptr<const ApiRequest> request;
  EntryKey key;
  Chain::Mode mode;
  SteadyTime deadline;
  std::vector<Reader> readers;  // under Impl::state's lock
};
using FlightPtr = std::shared_ptr<Flight>;

// What a flight had in hand when it asked.
struct Held {
  EntryPtr own, shared;
  bool from_peer = false;  // shared came from a peer
};

// How a flight ended, for the counters: the first reader's request, or bytes that were here.
enum class Ending { kHeld, kConfirmed, kPeer, kOrigin, kFailed };

}  // namespace

struct Chain::Impl : std::enable_shared_from_this<Chain::Impl> {
  Impl(ChainOptions o, MemoryTier& memory, DiskTier* store, RemoteTier& p, OriginTier& g, PartitionNow now,
       const Clock& c, Pool& threads, Counters& n, ErrorRing& e)
      : options(o),
        local(memory, store, c, n),
        peers(p),
        origin(g),
        partition(std::move(now)),
        clock(c),
        pool(threads),
        counters(n),
        errors(e),
        peers_breaker(c),
        negatives(c, o.negative_ttl) {}

  const ChainOptions options;
  LocalTiers local;
  RemoteTier& peers;
  OriginTier& origin;
  const PartitionNow partition;
  const Clock& clock;
  Pool& pool;
  Counters& counters;
  ErrorRing& errors;
  CircuitBreaker peers_breaker;
  Negatives negatives;

  struct State {
    std::unordered_map<std::string, FlightPtr> flights;
    bool closed = false;
    int inside = 0;  // callbacks that use what Impl refers to
  };
  Sync<State> state;
  std::condition_variable left;

  // A callback is inside while it may touch memory, store or tiers, which die after ~Chain.
  struct Inside {
    explicit Inside(Impl& i) : impl(i) {
      auto s = impl.state.lock();
      ok = !s->closed;
      if (ok) ++s->inside;
    }
    ~Inside() {
      if (!ok) return;
      auto s = impl.state.lock();
      if (--s->inside == 0) impl.left.notify_all();
    }
    Impl& impl;
    bool ok;
  };

  Freshness freshness(const Entry& entry) const;
  bool may_serve_stale(const Entry& entry) const { return clock.wall() - entry.meta.expires_at <= options.stale_limit; }
  bool may_stand_in(const Entry& entry, Code code) const {
    const bool passing =
        code == Code::kLimited || code == Code::kTimeout || code == Code::kUnreachable || code == Code::kBroken;
    return passing && may_serve_stale(entry);
  }
  void count_held(const Entry& entry);
  // A reader is given what was here.
  EntryPtr give(const EntryPtr& held) {
    EntryPtr given = local.given(held);
    count_held(*given);
    return given;
  }
  void count(const Result<EntryPtr>& result, Ending ending, bool first);

  void join_or_start(std::shared_ptr<const ApiRequest> request, EntryKey key, Mode mode, Reply<EntryPtr> reply);
  void begin(const FlightPtr& flight);
  void ask_peers(const FlightPtr& flight, Held held);
  void ask_origin(const FlightPtr& flight, Held held);
  void finish(const FlightPtr& flight, const Held& held, Result<std::optional<Answer>> result);
  void keep(const Flight& flight, const Held& held, const Answer& answer);
  void failed(const FlightPtr& flight, const Held& held, Error error);
  void answer(const FlightPtr& flight, Result<EntryPtr> result, EntryPtr stale, Ending ending);
};

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

void Chain::Impl::join_or_start(std::shared_ptr<const ApiRequest> request, EntryKey key, Mode mode,
                                Reply<EntryPtr> reply) {
  // A reader of .now wants an answer that was asked for as such; any other reader may have that one too.
  const std::string always = unique_text(key) + "!";
  const std::string id = mode == Mode::kAlways ? always : unique_text(key);
  FlightPtr started;
  {
    auto s = state.lock();
    if (!s->closed) {
      auto at = s->flights.find(always);
      if (at == s->flights.end() && mode != Mode::kAlways) at = s->flights.find(id);
      if (at != s->flights.end()) {
        at->second->readers.push_back({mode, std::move(reply)});
        counters.add(Counter::kCoalesced);
        return;
      }
      started = std::make_shared<Flight>();
      started->id = id;
      started->request = std::move(request);
      started->key = std::move(key);
      started->mode = mode;
      started->deadline = clock.steady() + options.origin_deadline;
      started->readers.push_back({mode, std::move(reply)});
      s->flights.emplace(id, started);
    }
  }
  if (!started) return reply(fail(Code::kAborted, "the filesystem is being unmounted"));
  pool.submit([self = shared_from_this(), started] { self->begin(started); });
}

void Chain::Impl::begin(const FlightPtr& flight) {
  Inside inside(*this);
  if (!inside.ok) return;
  Held held;
  if (flight->request->store) {
    held.own = local.find(flight->key);
    // The flight before this one may have ended between this reader's look and its start.
    if (held.own && flight->mode == Mode::kIfStale && freshness(*held.own) != Freshness::kStale)
      return answer(flight, held.own, nullptr, Ending::kHeld);
    if (!held.own) {
      EntryKey for_all = flight->key;
      for_all.partition.clear();
      held.shared = local.find(for_all);
    }
  }
  const bool peers_may_have_it = flight->request->store && flight->mode == Mode::kIfStale && !held.own && !held.shared;
  if (peers_may_have_it && peers_breaker.allow()) return ask_peers(flight, std::move(held));
  ask_origin(flight, std::move(held));
}

void Chain::Impl::ask_peers(const FlightPtr& flight, Held held) {
  Ask ask{flight->request, nullptr, nullptr, clock.steady() + options.peer_deadline};
  peers.ask(std::move(ask), [self = shared_from_this(), flight, held](Result<std::optional<Answer>> result) mutable {
    Inside inside(*self);
    if (!inside.ok) return;
    if (!result) {
      if (self->peers_breaker.failure()) self->counters.add(Counter::kBreakerOpened);
    } else {
      self->peers_breaker.success();
      // Whatever a peer says, GitHub has to confirm it for this credential.
      if (*result) {
        held.shared = (*result)->entry;
        held.from_peer = true;
      }
    }
    self->ask_origin(flight, std::move(held));
  });
}

void Chain::Impl::ask_origin(const FlightPtr& flight, Held held) {
  Ask ask{flight->request, held.own, held.shared, flight->deadline};
  origin.ask(std::move(ask), [self = shared_from_this(), flight, held](Result<std::optional<Answer>> result) {
    Inside alive(*self);
    if (!alive.ok) return;
    // Not on the network's thread: keeping an answer seals it, and readers are many.
    self->pool.submit([self, flight, held, result = std::move(result)]() mutable {
      Inside inside(*self);
      if (inside.ok) self->finish(flight, held, std::move(result));
    });
  });
}

void Chain::Impl::finish(const FlightPtr& flight, const Held& held, Result<std::optional<Answer>> result) {
  if (!result) return failed(flight, held, std::move(result.error()));
  if (!*result || !(*result)->entry)
    return failed(flight, held, Error{Code::kBroken, "the origin gave no answer", "", -1});
  const Answer& got = **result;
  keep(*flight, held, got);
  const bool confirmed = !got.changed;
  const Ending ending = !confirmed ? Ending::kOrigin : held.from_peer ? Ending::kPeer : Ending::kConfirmed;
  answer(flight, got.entry, nullptr, ending);
}

void Chain::Impl::keep(const Flight& flight, const Held& held, const Answer& got) {
  negatives.forget(unique_text(flight.key));
  if (!flight.request->store) return;
  const bool same_row = held.own && !got.changed && held.own->sha256 == got.entry->sha256 &&
                        held.own->key.partition == got.entry->key.partition;
  if (same_row) return local.update(got.entry);
  local.put(got.entry);
  if (got.entry->meta.shareable && (got.changed || held.from_peer)) {
    auto for_all = std::make_shared<Entry>(*got.entry);
    for_all->key.partition.clear();
    local.put_below(for_all);
  }
}

void Chain::Impl::failed(const FlightPtr& flight, const Held& held, Error error) {
  EntryPtr stale;
  switch (error.code) {
    case Code::kNotFound:
    case Code::kDenied:
      // The credential may have lost its access: what it had is not shown again, from wherever.
      if (flight->request->store) (void)local.remove(flight->key);
      if (error.code == Code::kNotFound) negatives.remember(unique_text(flight->key));
      break;
    case Code::kLimited:
    case Code::kTimeout:
    case Code::kUnreachable:
    case Code::kBroken:
      if (held.own && may_serve_stale(*held.own)) stale = held.own;
      break;
    default:
      break;
  }
  answer(flight, fail(std::move(error)), std::move(stale), Ending::kFailed);
}

void Chain::Impl::answer(const FlightPtr& flight, Result<EntryPtr> result, EntryPtr stale, Ending ending) {
  std::vector<Reader> readers;
  {
    auto s = state.lock();
    auto at = s->flights.find(flight->id);
    if (at != s->flights.end() && at->second == flight) s->flights.erase(at);
    readers.swap(flight->readers);
  }
  bool first = true;
  for (Reader& reader : readers) {
    // Who asked for the newest gets it or the reason why not, never a stale copy.
    const bool served_stale = stale && reader.mode == Mode::kIfStale;
    Result<EntryPtr> mine = served_stale ? Result<EntryPtr>(stale) : result;
    count(mine, ending, first);
    first = false;
    reader.reply(std::move(mine));
  }
}

Chain::Chain(ChainOptions options, MemoryTier& memory, DiskTier* store, RemoteTier& peers, OriginTier& origin,
             PartitionNow partition, const Clock& clock, Pool& pool, Counters& counters, ErrorRing& errors)
    : impl_(std::make_shared<Impl>(options, memory, store, peers, origin, std::move(partition), clock, pool, counters,
                                   errors)) {}

Chain::~Chain() {
  std::vector<Reader> readers;
  {
    auto s = impl_->state.lock();
    s->closed = true;
    for (auto& [id, flight] : s->flights)
      for (Reader& reader : flight->readers) readers.push_back(std::move(reader));
    for (auto& [id, flight] : s->flights) flight->readers.clear();
    s->flights.clear();
  }
  for (Reader& reader : readers) reader.reply(fail(Code::kAborted, "the filesystem is being unmounted"));
  auto s = impl_->state.lock();
  impl_->left.wait(s.lock(), [&] { return s->inside == 0; });
}

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
