// Objects: the folder objects/ of a store: one file for each large body, its sealed chunks one after another.
// A file is whole or absent: written beside, fsynced, renamed. Any thread.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"

namespace rfs::store {

class Objects {
 public:
  // Makes the folder when missing, unless read-only. The folder is held open: it stays the same one when it is renamed.
  static Result<Objects> open(const std::string& path, bool read_only);

  // A file that is being written. Removed unless kept.
  class Draft {
   public:
    Draft(Draft&& other) noexcept;
    Draft& operator=(Draft&&) = delete;
    ~Draft();
    Result<> append(BytesView bytes);
    // Durable under its name. The file is still the caller's to remove (Objects::remove) if its row is not committed.
    Result<> keep();

   private:
    friend class Objects;
    Draft(int folder, std::string name, Fd fd) : folder_(folder), name_(std::move(name)), fd_(std::move(fd)) {}
    int folder_;
    std::string name_;
    Fd fd_;
  };
  // REQUIRES: nothing has this id yet; the objects outlive the draft.
  Result<Draft> create(const Id16& id) const;
  // Exactly `length` bytes; kBroken when the file is missing or shorter.
  Result<Bytes> read(const Id16& id, std::uint64_t offset, std::size_t length) const;
  // A file of exactly `length` bytes that may be read is there.
  bool holds(const Id16& id, std::int64_t length) const;
  // Fine when absent.
  void remove(const Id16& id) const;
  // Ids of all files, drafts included. Names of another form are not ours and not listed.
  std::vector<Id16> list() const;

 private:
  explicit Objects(Fd folder) : folder_(std::move(folder)) {}
  Fd folder_;  // invalid: read-only and missing
};

}  // namespace rfs::store
