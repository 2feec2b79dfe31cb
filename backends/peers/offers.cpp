#include "backends/peers/offers.h"

#include "backends/peers/sharing.h"

namespace rfs {
namespace {

constexpr std::size_t kOffersMost = 65'536;
constexpr std::size_t kFreshMost = 1024;

}  // namespace

Offers::Offers(MemoryTier& memory, DiskTier* store, const Routes& routes, std::function<Digest(BytesView)> ask_id)
    : memory_(memory), store_(store), routes_(routes), ask_id_(std::move(ask_id)) {}

void Offers::learned(const Entry& entry) {
  if (entry.key.space == Space::kCache) {
    if (entry.meta.source == Source::kPeer) return;  // hearsay
    const Digest id = ask_id_(view(canonical_cache_key(entry.key.canonical)));
    auto state = state_.lock();
    if (state->keys.size() >= kOffersMost) state->keys.clear();
    state->keys[id] = entry.key.canonical;
    return;
  }
  if (entry.key.partition.empty() || !entry_may_leave(routes_, entry)) return;
  const Digest id = ask_id_(view(entry.key.canonical));
  auto state = state_.lock();
  if (auto at = state->by_id.find(id); at != state->by_id.end()) {
    state->order.splice(state->order.begin(), state->order, at->second);
  } else {
    state->order.push_front({id, "", entry.key.canonical, {}});
    state->by_id.emplace(id, state->order.begin());
  }
  Offer& offer = state->order.front();
  offer.partition = entry.key.partition;
  offer.sha256 = entry.sha256;
  state->by_sha256[entry.sha256] = id;
  if (state->fresh.size() < kFreshMost) state->fresh.push_back({id, entry.body->size(), entry.meta.validated_at});
  if (state->order.size() <= kOffersMost) return;
  const Offer& last = state->order.back();
  state->by_id.erase(last.id);
  if (auto at = state->by_sha256.find(last.sha256); at != state->by_sha256.end() && at->second == last.id)
    state->by_sha256.erase(at);
  state->order.pop_back();
  if (state->by_sha256.size() > 2 * kOffersMost) state->by_sha256.clear();
}

void Offers::load() {
  if (!store_) return;
  (void)store_->each(Space::kApi, nullptr, [this](const Entry& entry) {
    learned(entry);
    return state_.lock()->order.size() < kOffersMost;
  });
  (void)store_->each(Space::kCache, nullptr, [this](const Entry& entry) {
    learned(entry);
    return true;
  });
  state_.lock()->fresh.clear();
}

std::string Offers::find_key(const Digest& id) {
  auto state = state_.lock();
  const auto at = state->keys.find(id);
  return at == state->keys.end() ? std::string() : at->second;
}

EntryPtr Offers::find(const Digest& id) {
  EntryKey key;
  {
    auto state = state_.lock();
    const auto at = state->by_id.find(id);
    if (at == state->by_id.end()) return nullptr;
    key.partition = at->second->partition;
    key.canonical = at->second->canonical;
  }
  EntryPtr entry;
  if (auto found = memory_.find(key); found) entry = *found;
  if (!entry && store_)
    if (auto found = store_->find(key); found) entry = *found;
  const auto parts = parse_canonical(key.canonical);
  if (!entry || !parts || !entry_may_leave(routes_, *entry) || !may_leave(*entry, parts->accept)) return nullptr;
  return entry;
}

EntryPtr Offers::find_body(const Digest& sha256) {
  Digest id;
  {
    auto state = state_.lock();
    const auto at = state->by_sha256.find(sha256);
    if (at == state->by_sha256.end()) return nullptr;
    id = at->second;
  }
  EntryPtr entry = find(id);
  return entry && entry->sha256 == sha256 ? entry : nullptr;
}

bool Offers::may_leave(const Entry& entry, std::string_view accept) {
  const std::string body = std::string(accept) + std::string(text(entry.sha256));
  {
    auto state = state_.lock();
    if (auto at = state->judged.find(body); at != state->judged.end()) return at->second;
  }
  const auto judged = body_may_leave(accept, *entry.body);
  if (!judged) return false;
  auto state = state_.lock();
  if (state->judged.size() > kOffersMost) state->judged.clear();
  state->judged.emplace(body, *judged);
  return *judged;
}

std::vector<Offers::Fresh> Offers::fresh(std::size_t most) {
  auto state = state_.lock();
  std::vector<Fresh> out;
  while (!state->fresh.empty() && out.size() < most) {
    out.push_back(state->fresh.back());
    state->fresh.pop_back();
  }
  state->fresh.clear();
  return out;
}

std::size_t Offers::size() { return state_.lock()->order.size(); }

}  // namespace rfs
