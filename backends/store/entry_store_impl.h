// EntryStore's inside, shared by entry_store.cpp and node_key.cpp.
#pragma once

#include "backends/store/entry_store.h"
#include "backends/store/lookup.h"
#include "backends/store/writer.h"

namespace rfs {

struct EntryStore::Impl {
  Impl(StoreOptions options_in, SecretBytes root_in, const Clock& clock_in, Counters& counters, ErrorRing& errors)
      : options(std::move(options_in)),
        root(std::move(root_in)),
        clock(clock_in),
        faults(std::make_shared<store::Faults>(counters, errors)),
        counted(counters) {}

  store::Database::Options database_options() const { 
    return {options.directory, options.memory_only, clock.wall(), false, options.words};
   }
  std::shared_ptr<store::Database> current() { return *database.lock(); }
  std::int64_t now_ms() const { return static_cast<std::int64_t>(clock.wall() * 1000); }
  Result<> repair();
  Result<store::Writer*> writing() {
    if (writer) return writer.get();
    Error error{Code::kReadOnly, "the store was opened read-only", "make its directory writable"};
    faults->write_failed(error);
    return fail(std::move(error));
  }
  // A failure that is not the record's: noted, and the database looked at if it may be to blame.
  template <class T>
  Result<T> noted(Result<T> result) {
    if (result || result.error().code == Code::kTampered) return result;
    faults->read_failed(result.error());
    if (writer) writer->wake();
    return result;
  }

  const StoreOptions options;
  const SecretBytes root;
  const Clock& clock;
  const std::shared_ptr<store::Faults> faults;
  Counters& counted;
  Sync<std::shared_ptr<store::Database>> database;
  std::unique_ptr<store::Writer> writer;  // null: read-only
};

}  // namespace rfs
