#include "backends/memory_tier.h"

#include <utility>

namespace rfs {
namespace {

// Strings, the map's and the list's nodes, the shared_ptr's block: measured as about this much for a usual api entry.
constexpr std::uint64_t kOverhead = 1024;

// A body that stays on disk pins it there, and takes memory only later, when it is read: none of ours.
bool in_memory(const Entry& entry) { return entry.body->in_memory().size() == entry.body->size(); }

std::uint64_t cost_of(const Entry& entry) { return entry.body->memory() + entry.meta.provenance.size() + kOverhead; }

}  // namespace

MemoryTier::MemoryTier(MemoryOptions options, Counters& counters) : options_(options), counters_(counters) {}

Result<EntryPtr> MemoryTier::find(const EntryKey& key) {
  const std::string id = unique_text(key);
  auto state = state_.lock();
  auto at = state->index.find(id);
  if (at == state->index.end() || at->second->generation != state->now.generation) return EntryPtr();
  state->order.splice(state->order.begin(), state->order, at->second);
  return at->second->entry;
}

Result<> MemoryTier::put(const EntryPtr& entry) {
  std::string id = unique_text(entry->key);
  auto state = state_.lock();
  if (!in_memory(*entry) || cost_of(*entry) > options_.max_entry) {
    if (auto at = state->index.find(id); at != state->index.end()) erase(*state, at->second);
    ++state->now.removals;
    return {};
  }
  insert(*state, std::move(id), entry, state->now.generation);
  return {};
}

Result<> MemoryTier::remove(const EntryKey& key) {
  const std::string id = unique_text(key);
  auto state = state_.lock();
  if (auto at = state->index.find(id); at != state->index.end()) erase(*state, at->second);
  ++state->now.removals;
  return {};
}

EntryPtr MemoryTier::given(const EntryPtr& entry) {
  const std::string id = unique_text(entry->key);
  auto state = state_.lock();
  auto at = state->index.find(id);
  if (at == state->index.end() || at->second->entry != entry || entry->found == Source::kMemory) return entry;
  Slot& slot = *at->second;
  if (!std::exchange(slot.given, true)) return entry;
  auto copy = std::make_shared<Entry>(*entry);
  copy->found = Source::kMemory;
  slot.entry = copy;
  return copy;
}

MemoryTier::Moment MemoryTier::moment() { return state_.lock()->now; }

void MemoryTier::fill(const EntryPtr& entry, const Moment& since) {
  if (!in_memory(*entry) || cost_of(*entry) > options_.max_entry) return;
  std::string id = unique_text(entry->key);
  auto state = state_.lock();
  if (state->now.removals != since.removals) return;
  auto at = state->index.find(id);
  if (at != state->index.end() && at->second->generation == state->now.generation) return;
  insert(*state, std::move(id), entry, since.generation);
}

EntryPtr MemoryTier::find_doubted(const EntryKey& key) {
  const std::string id = unique_text(key);
  auto state = state_.lock();
  auto at = state->index.find(id);
  return at == state->index.end() ? nullptr : at->second->entry;
}

void MemoryTier::drop_doubted(const EntryKey& key) {
  const std::string id = unique_text(key);
  auto state = state_.lock();
  auto at = state->index.find(id);
  if (at != state->index.end() && at->second->generation != state->now.generation) erase(*state, at->second);
}

std::uint64_t MemoryTier::remove_if(const std::function<bool(const Entry&)>& matches) {
  std::uint64_t removed = 0;
  auto state = state_.lock();
  for (auto slot = state->order.begin(); slot != state->order.end();) {
    auto here = slot++;
    if (!matches(*here->entry)) continue;
    erase(*state, here);
    ++removed;
  }
  ++state->now.removals;
  return removed;
}

void MemoryTier::doubt_all() { ++state_.lock()->now.generation; }

void MemoryTier::each(const std::function<void(const EntryPtr&)>& visit) {
  auto state = state_.lock();
  for (const Slot& slot : state->order)
    if (slot.generation == state->now.generation) visit(slot.entry);
}

std::size_t MemoryTier::entries() { return state_.lock()->index.size(); }
std::uint64_t MemoryTier::bytes() { return state_.lock()->bytes; }

void MemoryTier::insert(State& state, std::string id, const EntryPtr& entry, std::uint64_t generation) {
  if (auto at = state.index.find(id); at != state.index.end()) erase(state, at->second);
  const std::uint64_t cost = cost_of(*entry);
  // What comes from beyond this machine comes because a reader waits for it.
  const bool given = entry->found == Source::kOrigin || entry->found == Source::kPeer;
  state.order.push_front(Slot{id, entry, generation, cost, given});
  state.index.emplace(std::move(id), state.order.begin());
  state.bytes += cost;
  while (state.index.size() > options_.max_entries || state.bytes > options_.max_bytes) {
    erase(state, std::prev(state.order.end()));
    counters_.add(Counter::kEvictions);
  }
}

void MemoryTier::erase(State& state, Order::iterator slot) {
  state.bytes -= slot->cost;
  state.index.erase(slot->id);
  state.order.erase(slot);
}

}  // namespace rfs
