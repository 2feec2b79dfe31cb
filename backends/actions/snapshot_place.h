// Where snapshots are kept: a directory, or the Actions cache. One thread at a time; all of it may block.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backends/actions/snapshot_frame.h"
#include "base/fd.h"
#include "base/result.h"

namespace rfs {

// What a snapshot is called: runnerfs-snapshot-1-sealed-<branch>-<created>-<random>. Lower case, no comma: names that
// every cache service keeps as they are.
struct SnapshotName {
  bool sealed = false;
  std::string branch;          // branch_word()
  std::uint64_t created = 0;   // seconds since 1970
  std::string random;          // 8 hex digits
};
// 12 hex digits for a ref of a repository (as in SnapshotHead).
std::string branch_word(std::string_view repository, std::string_view ref);
std::string snapshot_prefix(bool sealed);
std::string snapshot_prefix(bool sealed, std::string_view branch);
std::string snapshot_name(const SnapshotName& name);
// Nullopt for all else.
std::optional<SnapshotName> parse_snapshot_name(std::string_view text);

// A snapshot that was found, as far as its name tells; its bytes follow.
struct FoundSnapshot {
  std::string name;
  ByteSource source;
  std::uint64_t size = 0;  // 0: not known
};

// What the reader wants.
struct SnapshotWish {
  std::string repository;       // as in SnapshotHead
  std::string other_name;       // the same by its other name (id and name), or ""
  std::string branch;           // preferred
  bool sealed_too = false;      // there is a key
};

class SnapshotPlace {
 public:
  virtual ~SnapshotPlace() = default;
  // The newest one that this branch saved; nullopt: none.
  virtual Result<std::optional<SnapshotName>> newest_own(bool sealed, const std::string& branch) = 0;
  // A file to write the snapshot into, empty, nobody else's.
  virtual Result<Fd> draft() = 0;
  // Makes the draft the snapshot `name`: whole or not at all. kExists: somebody else took the name.
  virtual Result<> publish(int draft, std::uint64_t size, const SnapshotName& name) = 0;
  // Removes older ones of this branch, as far as that is allowed; answers how many.
  virtual std::uint64_t remove_older(const SnapshotName& than) = 0;
  // The newest that suits. kNotFound says in words what is there instead.
  virtual Result<FoundSnapshot> find(const SnapshotWish& wish) = 0;
  virtual std::string words() const = 0;  // for messages: "/srv/snapshots", "the Actions cache"
};

std::unique_ptr<SnapshotPlace> directory_place(std::string path);

}  // namespace rfs
