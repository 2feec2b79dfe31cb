#include "backends/local_tiers.h"

#include <map>

namespace rfs {
namespace {

constexpr std::uint64_t kSmallBody = 64u << 10;  // one sealed chunk: what a worker may decrypt at once
constexpr std::size_t kMostGone = 65'536;

// The name that a listing of `directory` shows for an entry, if it is below it.
bool shown_in(const std::string& directory, const Entry& entry, Listed& out) {
  const std::string& in = entry.key.directory;
  if (in == directory) {
    out = Listed{entry.key.name, false, entry.body->size(), entry.meta.fetched_at, entry.meta.expires_at};
    return true;
  }
  std::size_t begin = 0;
  if (!directory.empty()) {
    if (in.size() <= directory.size() || in.compare(0, directory.size(), directory) != 0 || in[directory.size()] != '/')
      return false;
    begin = directory.size() + 1;
  }
  out = Listed{in.substr(begin, in.find('/', begin) - begin), true, 0, entry.meta.fetched_at};
  return true;
}

}  // namespace

LocalTiers::LocalTiers(MemoryTier& memory, DiskTier* store, const Clock& clock, Counters& counters)
    : memory_(memory), store_(store), counters_(counters), reads_(clock), writes_(clock) {}

template <class T>
bool LocalTiers::went_well(CircuitBreaker& breaker, const Result<T>& result) {
  if (result || result.error().code == Code::kTampered) {
    // One record that does not authenticate says nothing about the others.
    breaker.success();
  } else if (breaker.failure()) {
    counters_.add(Counter::kBreakerOpened);
  }
  return result.has_value();
}

std::vector<std::string> LocalTiers::resting() const {
  std::vector<std::string> out;
  if (reads_.open()) out.emplace_back("disk reads");
  if (writes_.open()) out.emplace_back("disk writes");
  return out;
}

EntryPtr LocalTiers::find(const EntryKey& key) {
  const auto since = memory_.moment();
  if (auto found = memory_.find(key); found && *found) return *found;
  if (!store_ || !reads_.allow()) return memory_.find_doubted(key);
  auto found = store_->find(key);
  if (!went_well(reads_, found)) return memory_.find_doubted(key);
  // What the disk could not be made to forget: memory alone knows better.
  if (*found && is_gone(key)) return memory_.find_doubted(key);
  if (!*found) {
    memory_.drop_doubted(key);
    return nullptr;
  }
  return raise(*found, since);
}

EntryPtr LocalTiers::raise(const EntryPtr& from_disk, const MemoryTier::Moment& since) {
  auto copy = std::make_shared<Entry>(*from_disk);
  copy->found = Source::kDisk;
  const Body& body = *copy->body;
  if (body.size() <= kSmallBody && body.in_memory().size() != body.size()) {
    auto bytes = read_all(body);
    // Bytes that cannot be had are no version of what the origin can be asked for again. Other entries (cache/) are
    // there, and reading them says what is wrong.
    if (!went_well(reads_, bytes)) return copy->key.space == Space::kApi ? nullptr : copy;
    copy->body = std::make_shared<MemoryBody>(std::move(*bytes));
  }
  memory_.fill(copy, since);
  return copy;
}

void LocalTiers::put(const EntryPtr& entry) {
  (void)memory_.put(entry);
  if (!store_ || !writes_.allow()) return;
  if (went_well(writes_, store_->put(entry))) gone_.lock()->erase(unique_text(entry->key));
}

void LocalTiers::update(const EntryPtr& entry) {
  // On disk is another body than the one that this update is of.
  if (is_gone(entry->key)) return put(entry);
  (void)memory_.update(entry);
  if (!store_ || !writes_.allow()) return;
  auto result = store_->update(entry);
  // The row was evicted meanwhile, or never came to be: keep the whole entry.
  if (!result && result.error().code == Code::kNotFound) result = store_->put(entry);
  went_well(writes_, result);
}

void LocalTiers::put_below(const EntryPtr& entry) {
  if (!store_) {
    (void)memory_.put(entry);
  } else if (writes_.allow()) {
    went_well(writes_, store_->put(entry));
  }
}

Result<> LocalTiers::put_now(const EntryPtr& entry, bool sync) {
  if (!store_) return memory_.put(entry);
  // A user waits for this one: the disk is tried even while it rests.
  auto result = store_->put_now(entry, sync);
  if (!went_well(writes_, result)) return result;  // what was there before stays, on disk and in memory
  gone_.lock()->erase(unique_text(entry->key));
  (void)memory_.put(entry);
  return result;
}

Result<> LocalTiers::remove(const EntryKey& key) {
  if (!store_) return memory_.remove(key);
  auto result = store_->remove(key);
  if (!went_well(writes_, result)) mark_gone(key);
  // After the disk, so that nobody fills in what was read there just before.
  (void)memory_.remove(key);
  return result;
}

Result<> LocalTiers::removed(const std::vector<EntryKey>& keys) {
  if (!store_ || keys.empty()) return {};
  auto flushed = store_->flush(false);
  if (!went_well(writes_, flushed))
    for (const EntryKey& key : keys) mark_gone(key);
  return flushed;
}

std::vector<Listed> LocalTiers::list(Space space, const std::string& partition, const std::string& cls,
                                     const std::string& directory) {
  std::map<std::string, Listed> names;
  if (store_ && reads_.allow()) {
    auto listed = store_->list(space, partition, cls, directory);
    if (went_well(reads_, listed))
      for (Listed& one : *listed) names.emplace(one.name, std::move(one));
  }
  memory_.each([&](const EntryPtr& entry) {
    const EntryKey& key = entry->key;
    Listed one;
    if (key.space != space || key.partition != partition || key.cls != cls) return;
    if (shown_in(directory, *entry, one)) names.emplace(one.name, one);
  });
  std::vector<Listed> out;
  out.reserve(names.size());
  for (auto& [name, one] : names) out.push_back(std::move(one));
  return out;
}

void LocalTiers::each(Space space, const std::function<void(const Entry&)>& visit) {
  std::vector<EntryPtr> held;
  memory_.each([&](const EntryPtr& entry) {
    if (entry->key.space == space) held.push_back(entry);
  });
  std::unordered_set<std::string> done;
  for (const EntryPtr& entry : held) {
    done.insert(unique_text(entry->key));
    visit(*entry);
  }
  if (!store_ || !reads_.allow()) return;
  auto result = store_->each(space, nullptr, [&](const Entry& entry) {
    if (!done.count(unique_text(entry.key)) && !is_gone(entry.key)) visit(entry);
    return true;
  });
  went_well(reads_, result);
}

void LocalTiers::mark_gone(const EntryKey& key) {
  auto gone = gone_.lock();
  if (gone->size() < kMostGone) gone->insert(unique_text(key));
}

bool LocalTiers::is_gone(const EntryKey& key) {
  auto gone = gone_.lock();
  return !gone->empty() && gone->count(unique_text(key)) > 0;
}

}  // namespace rfs
