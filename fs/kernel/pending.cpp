#include "fs/kernel/pending.h"

#include <cerrno>

#include "fs/kernel/interrupt.h"
#include "fs/kernel/quiet_thread.h"

namespace rfs {
namespace {

// How soon a reader that is killed after a harmless signal is let go, and how exact deadlines are. The kernel sends one
// INTERRUPT a request, so what comes after the first signal must be looked for.
constexpr Millis kTick{50};

void* to_pointer(std::uint64_t id) { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(id)); }

}  // namespace

Ticket::Ticket(Pending& pending, std::uint64_t id, Request request)
    : pending_(pending), id_(id), thread_(request.thread()), request_(std::move(request)) {}

Ticket::Claim::~Claim() {
  request_.reset();  // answers, if the holder did not
  if (!pending_) return;
  auto state = pending_->state_.lock();
  if (--state->answering == 0) pending_->idle_.notify_all();
}

std::optional<Ticket::Claim> Ticket::claim() {
  bool watched;
  std::optional<Claim> claim;
  {
    std::lock_guard lock(mutex_);
    if (!request_) return std::nullopt;
    ++pending_.state_.lock()->answering;
    claim.emplace(pending_, std::move(*request_));
    request_.reset();
    watched = watched_;
  }
  if (watched) pending_.forget(id_);
  return claim;
}

Pending::Pending(const Clock& clock, Counters& counters, Millis deadline, fuse_interrupt_func_t on_interrupt)
    : clock_(clock),
      counters_(counters),
      deadline_(deadline),
      on_interrupt_(on_interrupt),
      thread_(quiet_thread([this] { run(); })) {}

Pending::~Pending() {
  state_.lock()->stopping = true;
  wake_.notify_all();
  thread_.join();
}

std::shared_ptr<Ticket> Pending::issue(Request request) {
  return std::make_shared<Ticket>(*this, next_id_.fetch_add(1, std::memory_order_relaxed), std::move(request));
}

void Pending::watch(const std::shared_ptr<Ticket>& ticket) {
  bool aborting;
  {
    std::lock_guard lock(ticket->mutex_);  // while it is held nobody can answer, so the request is alive
    if (!ticket->request_) return;
    ticket->watched_ = true;
    ticket->deadline_ = clock_.steady() + deadline_;
    {
      auto state = state_.lock();
      state->tickets.emplace(ticket->id_, ticket);
      aborting = state->aborting;
      if (state->tickets.size() == 1) wake_.notify_all();
    }
    fuse_req_interrupt_func(ticket->request_->raw(), on_interrupt_, to_pointer(ticket->id_));
  }
  if (!aborting) return;
  if (auto claim = ticket->claim()) claim->request().error(ECONNABORTED);
}

void Pending::abort_all() {
  std::map<std::uint64_t, std::shared_ptr<Ticket>> tickets;
  {
    auto state = state_.lock();
    state->aborting = true;
    tickets = state->tickets;
  }
  for (auto& [id, ticket] : tickets)
    if (auto claim = ticket->claim()) claim->request().error(ECONNABORTED);
}

void Pending::resume() { state_.lock()->aborting = false; }

void Pending::drain() {
  auto state = state_.lock();
  idle_.wait(state.lock(), [&] { return state->answering == 0; });
}

std::size_t Pending::waiting() { return state_.lock()->tickets.size(); }

void Pending::interrupted(std::uint64_t id) {
  auto state = state_.lock();
  if (!state->tickets.contains(id)) return;
  state->interrupted.insert(id);
  wake_.notify_all();
}

void Pending::forget(std::uint64_t id) {
  auto state = state_.lock();
  state->tickets.erase(id);
  state->interrupted.erase(id);
}

void Pending::run() {
  for (;;) {
    {
      auto state = state_.lock();
      if (!state->stopping && state->tickets.empty()) wake_.wait(state.lock());
      if (state->stopping) return;
    }
    sweep();
    auto state = state_.lock();
    if (!state->stopping && !state->tickets.empty()) wake_.wait_for(state.lock(), kTick);
  }
}

void Pending::sweep() {
  std::vector<std::shared_ptr<Ticket>> overdue, interrupted;
  {
    auto state = state_.lock();
    SteadyTime now = clock_.steady();
    for (auto& [id, ticket] : state->tickets)
      if (ticket->deadline_ <= now) overdue.push_back(ticket);
    for (std::uint64_t id : state->interrupted)
      if (auto found = state->tickets.find(id); found != state->tickets.end()) interrupted.push_back(found->second);
  }
  for (auto& ticket : overdue)
    if (auto claim = ticket->claim()) {
      counters_.add(Counter::kDeadlines);
      claim->request().error(ETIMEDOUT);
    }
  for (auto& ticket : interrupted) {
    if (!fatal_signal_pending(ticket->thread())) continue;
    if (auto claim = ticket->claim()) {
      counters_.add(Counter::kInterrupted);
      claim->request().error(EINTR);
    }
  }
}

}  // namespace rfs
