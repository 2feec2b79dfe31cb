// Faults: what goes wrong in a store, counted and told once. Any thread. Outlives no Counters and no ErrorRing.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>

#include "base/bytes.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/sync.h"

namespace rfs::store {

class Faults {
 public:
  Faults(Counters& counters, ErrorRing& errors) : counters_(counters), errors_(errors) {}

  // A write failed: that is the trouble() until one succeeds; a line of errors.jsonl when it is news.
  void write_failed(const Error& error);
  void write_succeeded();
  std::optional<Error> trouble();
  // A read failed for a reason other than the record itself.
  void read_failed(const Error& error);
  // A record that does not authenticate, or is gone: counted each time, told once a record.
  // record: what names it, for the memory of this object alone. path: as the user sees it.
  void spoiled(const std::string& record, const std::string& path, const Error& error);
  bool is_spoiled(const std::string& record);
  // It was replaced by a good one.
  void renewed(const std::string& record);
  // Something that the user must know: a database was set aside. A failure of the store, though it goes on.
  void notice(const Error& error) {
    counters_.add(Counter::kStoreErrors);
    errors_.add("", error);
  }

 private:
  // So that a store full of damage does not fill the memory too.
  static constexpr std::size_t kMost = 10'000;
  struct State {
    std::optional<Error> trouble;
    std::string last_read_failure;
    std::unordered_set<std::string> spoiled;
  };
  Counters& counters_;
  ErrorRing& errors_;
  Sync<State> state_;
};

}  // namespace rfs::store
