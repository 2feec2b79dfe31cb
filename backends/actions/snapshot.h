// A snapshot made of what a store holds, and a store filled from a snapshot. What moves the bytes (a directory, the
// Actions cache) is elsewhere: cache_service.h. One thread at a time; both take as long as there are entries.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "backends/actions/snapshot_reader.h"
#include "backends/actions/travel.h"
#include "backends/tier.h"

namespace rfs {

// Entries to choose from; visited twice. EntryStore (store_source), or the file of another process (file_source).
using EntrySource = std::function<Result<>(const std::function<bool(const Entry&)>& visit)>;
EntrySource store_source(DiskTier& store);
// A snapshot that is not sealed, in a file of this process's own.
EntrySource file_source(int fd, std::uint64_t body_most);
// The bytes of a file from its beginning; fd outlives it.
ByteSource bytes_of_file(int fd);

struct Saved {
  std::uint64_t entries = 0, bytes = 0;  // bytes: of the bodies
  std::uint64_t size = 0;                // of the file
  std::uint64_t withheld = 0;            // something in it looked like a token
  Digest fingerprint{};                  // equal for equal content, whatever its order
};

// progress: entries and bytes so far; false ends it with kAborted. key: snapshot_key(), null for one that is not sealed.
using Progress = std::function<bool(std::uint64_t entries, std::uint64_t bytes)>;
Result<Saved> save_snapshot(const EntrySource& source, Travel& travel, int fd, const SnapshotHead& head,
                            const SecretBytes* key, double now, const Progress& progress);

struct Restored {
  std::uint64_t entries = 0, bytes = 0;  // taken
  std::uint64_t kept = 0;                // what was here was as new
  std::uint64_t refused = 0;             // not to be had from such a snapshot, or expired
  Digest fingerprint{};                  // of all that was in it
  std::optional<Error> ended;            // why it ended before its end; what came before is good
};

// What takes in results of scans (results/travelling.h).
enum class ScanFate { kTaken, kKept, kRefused };
using ScanTaker = std::function<Result<ScanFate>(const Entry&)>;

// trusted: it was authentic under the fleet secret, here or in the process that hands it on.
// scans: gets results of scans of a trusted one; may be null. REQUIRES: reader.begin() succeeded. A failure is the
// store's.
Result<Restored> restore_snapshot(SnapshotReader& reader, bool trusted, DiskTier& store, const ScanTaker& scans,
                                  double now, const Progress& progress);

}  // namespace rfs
