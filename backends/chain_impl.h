// Chain's inside, shared by chain.cpp (what is asked of it) and chain_flight.cpp (one question under way).
#pragma once

#include <condition_variable>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/breaker.h"
#include "backends/chain.h"
#include "backends/local_tiers.h"
#include "backends/negative.h"

namespace rfs {

struct Chain::Impl : std::enable_shared_from_this<Chain::Impl> {
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
    std::function<void(bool confirmed)> verdict;  // that peer is told
  };

  // How a flight ended, for the counters: the first reader's request, or bytes that were here.
  enum class Ending { kHeld, kConfirmed, kPeer, kOrigin, kFailed };

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
  void close();
  void begin(const FlightPtr& flight);
  void ask_peers(const FlightPtr& flight, Held held);
  void peers_answered(const FlightPtr& flight, Held held, Result<std::optional<Answer>> result);
  void ask_origin(const FlightPtr& flight, Held held);
  void finish(const FlightPtr& flight, const Held& held, Result<std::optional<Answer>> result);
  void keep(const Flight& flight, const Held& held, const Answer& answer);
  void failed(const FlightPtr& flight, const Held& held, Error error);
  void answer(const FlightPtr& flight, Result<EntryPtr> result, EntryPtr stale, Ending ending);
};

}  // namespace rfs
