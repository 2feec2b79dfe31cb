// One question under way: who joins it, who is asked, what is kept of the answer, and who is told.
#include "backends/chain_impl.h"

namespace rfs {

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
    if (held.own && held.own->meta.proof == Proof::kSharedSecret) {
      // A member's word whose time is over: GitHub may confirm it, but it is no condition of this credential's own.
      held.shared = std::exchange(held.own, nullptr);
      held.from_peer = true;
    }
    if (!held.own && !held.shared) {
      EntryKey for_all = flight->key;
      for_all.partition.clear();
      held.shared = local.find(for_all);
    }
  }
  const bool nobody_here = !held.own && (!held.shared || held.from_peer);
  if (flight->request->store && flight->mode == Mode::kIfStale && nobody_here && peers_breaker.allow())
    return ask_peers(flight, std::move(held));
  ask_origin(flight, std::move(held));
}

void Chain::Impl::ask_peers(const FlightPtr& flight, Held held) {
  Ask ask{flight->request, nullptr, nullptr, clock.steady() + options.peer_deadline};
  peers.ask(std::move(ask), [self = shared_from_this(), flight, held](Result<std::optional<Answer>> result) mutable {
    Inside alive(*self);
    if (!alive.ok) return;
    // Not on the thread of the peers, who have others to talk to.
    self->pool.submit([self, flight, held = std::move(held), result = std::move(result)]() mutable {
      Inside inside(*self);
      if (inside.ok) self->peers_answered(flight, std::move(held), std::move(result));
    });
  });
}

void Chain::Impl::peers_answered(const FlightPtr& flight, Held held, Result<std::optional<Answer>> result) {
  if (!result) {
    if (peers_breaker.failure()) counters.add(Counter::kBreakerOpened);
    return ask_origin(flight, std::move(held));
  }
  peers_breaker.success();
  if (!*result) return ask_origin(flight, std::move(held));
  if ((*result)->word) {
    auto entry = std::make_shared<Entry>(*(*result)->entry);
    entry->key = flight->key;
    negatives.forget(unique_text(flight->key));
    local.put_above(entry);
    return answer(flight, EntryPtr(entry), nullptr, Ending::kPeer);
  }
  held.shared = (*result)->entry;
  held.from_peer = true;
  held.verdict = std::move((*result)->verdict);
  ask_origin(flight, std::move(held));
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
  Answer& got = **result;
  // A 200 with the same bytes confirms them too, but then they came from GitHub.
  const bool of_peer = held.from_peer && !got.changed && got.entry->meta.source == Source::kPeer;
  if (held.verdict) held.verdict(!got.changed);
  if (of_peer) {
    auto found = std::make_shared<Entry>(*got.entry);
    found->found = Source::kPeer;
    got.entry = std::move(found);
  }
  keep(*flight, held, got);
  const bool confirmed = !got.changed && (of_peer || !held.from_peer);
  answer(flight, got.entry, nullptr, of_peer ? Ending::kPeer : confirmed ? Ending::kConfirmed : Ending::kOrigin);
}

void Chain::Impl::keep(const Flight& flight, const Held& held, const Answer& got) {
  negatives.forget(unique_text(flight.key));
  if (!flight.request->store) return;
  if (!got.keep) {
    if (held.own) (void)local.remove(flight.key);
    return;
  }
  const bool same_row = held.own && !got.changed && held.own->sha256 == got.entry->sha256 &&
                        held.own->key.partition == got.entry->key.partition;
  peers.learned(got.entry);
  if (same_row) return local.update(got.entry);
  local.put(got.entry);
  if (got.entry->meta.shareable && (got.changed || held.from_peer)) {
    auto for_all = std::make_shared<Entry>(*got.entry);
    for_all->key.partition.clear();
    local.put_below(for_all);
  }
}

void Chain::Impl::failed(const FlightPtr& flight, const Held& held, Error error) {
  if (error.code == Code::kNotFound || error.code == Code::kDenied) {
    // The credential may have lost its access: what it had is not shown again, from wherever.
    if (flight->request->store) (void)local.remove(flight->key);
    if (error.code == Code::kNotFound) negatives.remember(unique_text(flight->key));
  }
  EntryPtr stale = held.own && may_stand_in(*held.own, error.code) ? held.own : nullptr;
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

void Chain::Impl::close() {
  std::vector<Reader> readers;
  {
    auto s = state.lock();
    s->closed = true;
    for (auto& [id, flight] : s->flights)
      for (Reader& reader : flight->readers) readers.push_back(std::move(reader));
    for (auto& [id, flight] : s->flights) flight->readers.clear();
    s->flights.clear();
  }
  for (Reader& reader : readers) reader.reply(fail(Code::kAborted, "the filesystem is being unmounted"));
  auto s = state.lock();
  left.wait(s.lock(), [&] { return s->inside == 0; });
}

}  // namespace rfs
