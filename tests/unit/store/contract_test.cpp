// Every tier on this machine keeps the same promises.
#include "backends/memory_tier.h"
#include "tests/catch.h"
#include "tests/contract/tier_contract.h"
#include "tests/unit/store/world.h"

using namespace rfs;
using namespace rfs::contract;

namespace {

Subject store_in(bool memory_only) {
  struct Stands {
    test::World world;
    std::unique_ptr<EntryStore> store;
  };
  auto stands = std::make_shared<Stands>();
  stands->world.options.memory_only = memory_only;
  stands->store = stands->world.open();
  return Subject{stands, stands->store.get(), 0};
}

Subject memory_tier() {
  struct Stands {
    Counters counters;
    MemoryTier tier{MemoryOptions{}, counters};
  };
  auto stands = std::make_shared<Stands>();
  return Subject{stands, &stands->tier, MemoryOptions{}.max_entry};
}

void every_promise(const MakeSubject& make) {
  SECTION("an entry comes back as it was put") { an_entry_comes_back_as_it_was_put(make); }
  SECTION("a body of any size can be read at any offset") { a_body_of_any_size_can_be_read_at_any_offset(make); }
  SECTION("put replaces and remove forgets") { put_replaces_and_remove_forgets(make); }
  SECTION("update changes the facts and keeps the body") { update_changes_the_facts_and_keeps_the_body(make); }
  SECTION("keys that differ in any part are different entries") {
    keys_that_differ_in_any_part_are_different_entries(make);
  }
  SECTION("a body stays readable after its entry is gone") { a_body_stays_readable_after_its_entry_is_gone(make); }
  SECTION("many threads see whole entries") { many_threads_see_whole_entries(make); }
}

// After each write, so that what is found was read from the database and not from the queue.
class Flushed final : public LocalTier {
 public:
  explicit Flushed(EntryStore& store) : store_(store) {}
  Result<EntryPtr> find(const EntryKey& key) override { return store_.find(key); }
  Result<> put(const EntryPtr& entry) override { return flushed(store_.put(entry)); }
  Result<> update(const EntryPtr& entry) override { return flushed(store_.update(entry)); }
  Result<> remove(const EntryKey& key) override { return flushed(store_.remove(key)); }

 private:
  Result<> flushed(Result<> result) {
    if (!result) return result;
    return store_.flush(false);
  }
  EntryStore& store_;
};

Subject flushed(bool memory_only) {
  Subject inner = store_in(memory_only);
  auto tier = std::make_shared<Flushed>(*static_cast<EntryStore*>(inner.tier));
  struct Both {
    std::shared_ptr<void> below, above;
  };
  auto both = std::make_shared<Both>();
  both->below = inner.holds;
  both->above = tier;
  return Subject{both, tier.get(), 0};
}

}  // namespace

TEST_CASE("a store on disk is a tier") {
  every_promise([] { return store_in(false); });
}

TEST_CASE("a store on disk is a tier also when each write is committed before the next") {
  every_promise([] { return flushed(false); });
}

TEST_CASE("a store in memory is a tier") {
  every_promise([] { return store_in(true); });
}

TEST_CASE("a store in memory is a tier also when each write is committed before the next") {
  every_promise([] { return flushed(true); });
}

TEST_CASE("the memory tier is a tier") { every_promise(memory_tier); }
