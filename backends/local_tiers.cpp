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
    out = Listed{entry.key.name, false, entry.body->size(), entry.meta.fetched_at};
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

LocalTiers::LocalTiers(MemoryTier& memory, DiskTier* store, const Clock& clock, Counters& counters, ErrorRing& errors)
    : memory_(memory), store_(store), counters_(counters), errors_(errors), reads_(clock), writes_(clock) {}

EntryPtr LocalTiers::find(const EntryKey& key) {
  const auto since = memory_.moment();
  if (auto found = memory_.find(key); found && *found) return *found;
  if (!store_ || !reads_.allow()) return memory_.find_doubted(key);
  auto found = store_->find(key);
  if (!went_well(reads_, found ? Result<>() : fail(found.error()), user_path(key))) return memory_.find_doubted(key);
  if (!*found || gone_.lock()->count(unique_text(key))) {
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
    // Bytes that cannot be had are no version: absent, so that the origin is asked for good ones.
    if (!went_well(reads_, bytes ? Result<>() : fail(bytes.error()), user_path(copy->key))) return nullptr;
    copy->body = std::make_shared<MemoryBody>(std::move(*bytes));
  }
  memory_.fill(copy, since);
  return copy;
}

void LocalTiers::put(const EntryPtr& entry) {
  (void)memory_.put(entry);
  if (!store_ || !writes_.allow()) return;
  if (went_well(writes_, store_->put(entry), user_path(entry->key))) gone_.lock()->erase(unique_text(entry->key));
}

void LocalTiers::update(const EntryPtr& entry) {
  (void)memory_.update(entry);
  if (!store_ || !writes_.allow()) return;
  auto result = store_->update(entry);
  // The row was evicted meanwhile, or never came to be: keep the whole entry.
  if (!result && result.error().code == Code::kNotFound) result = store_->put(entry);
  went_well(writes_, result, user_path(entry->key));
}

void LocalTiers::put_below(const EntryPtr& entry) {
  if (!store_) {
    (void)memory_.put(entry);
  } else if (writes_.allow()) {
    went_well(writes_, store_->put(entry), user_path(entry->key));
  }
}

Result<> LocalTiers::put_now(const EntryPtr& entry, bool sync) {
  if (!store_) return memory_.put(entry);
  // A user waits for this one: the disk is tried even while it rests.
  auto result = store_->put_now(entry, sync);
  const std::string id = unique_text(entry->key);
  if (went_well(writes_, result, user_path(entry->key))) {
    gone_.lock()->erase(id);
  } else if (auto gone = gone_.lock(); gone->size() < kMostGone) {
    gone->insert(id);
  }
  (void)memory_.put(entry);
  return result;
}

Result<> LocalTiers::remove(const EntryKey& key) {
  if (!store_) return memory_.remove(key);
  auto result = store_->remove(key);
  if (!went_well(writes_, result, user_path(key))) {
    auto gone = gone_.lock();
    if (gone->size() < kMostGone) gone->insert(unique_text(key));
  }
  // After the disk, so that nobody fills in what was read there just before.
  (void)memory_.remove(key);
  return result;
}

std::vector<Listed> LocalTiers::list(Space space, const std::string& partition, const std::string& cls,
                                     const std::string& directory) {
  std::map<std::string, Listed> names;
  if (store_ && reads_.allow()) {
    auto listed = store_->list(space, partition, cls, directory);
    if (went_well(reads_, listed ? Result<>() : fail(listed.error()), std::string(space_word(space)) + "/" + directory))
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
    const std::string id = unique_text(entry.key);
    if (!done.count(id) && !gone_.lock()->count(id)) visit(entry);
    return true;
  });
  went_well(reads_, result, std::string(space_word(space)));
}

bool LocalTiers::went_well(CircuitBreaker& breaker, const Result<>& result, const std::string& path) {
  if (result) {
    breaker.success();
    return true;
  }
  counters_.add(Counter::kStoreErrors);
  errors_.add(path, result.error());
  // One record that does not authenticate says nothing about the others.
  if (result.error().code == Code::kTampered) {
    breaker.success();
  } else if (breaker.failure()) {
    counters_.add(Counter::kBreakerOpened);
  }
  return false;
}

}  // namespace rfs
