// What the tests of the store stand on: a directory of its own, a clock, a key, and a store on them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/store/entry_store.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/time.h"

namespace rfs::test {

// A fresh directory below $TMPDIR, removed at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// 32 bytes of the same value.
RootKey root_of(std::uint8_t byte = 7);

struct World {
  explicit World(std::string directory_in = {})
      : directory(directory_in.empty() ? temp.path() + "/store" : directory_in) {}
  Result<std::unique_ptr<EntryStore>> try_open(const RootKey& root);
  // REQUIREs that it opens.
  std::unique_ptr<EntryStore> open();

  TempDir temp;
  std::string directory;
  FakeClock clock;
  Counters counters;
  ErrorRing errors{clock, counters};
  StoreOptions options;  // directory is filled in
  std::string notice;
};

// Names of the regular files below a directory, relative to it, sorted.
std::vector<std::string> files_below(const std::string& directory);
std::string content_of(const std::string& path);
void write_file(const std::string& path, const std::string& content);

// Runs SQL on a database file, as any other program could. Answers the first column of the first row.
std::string sql(const std::string& directory, const std::string& statement);

// Flips the lowest bit of one byte of a column (of the last byte when it is shorter; of the number when it is one), in
// every row. Keys that clash after it are left as they were.
void flip_column(const std::string& directory, const std::string& table, const std::string& column, std::size_t offset);

}  // namespace rfs::test
