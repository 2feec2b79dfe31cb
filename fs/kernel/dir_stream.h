// DirStream: a directory as it was when it was opened or rewound, so that a listing in pieces is one listing.
// Any thread; the kernel sends the requests of one descriptor one by one.
#pragma once

#include <memory>
#include <vector>

#include "base/sync.h"
#include "fs/tree/namespace.h"

namespace rfs {

class DirStream {
 public:
  using Entries = std::vector<Listing>;
  explicit DirStream(Entries entries) : entries_(std::make_shared<const Entries>(std::move(entries))) {}

  // For a request at `offset`. At 0 after the first time (rewinddir) the names are asked for again with `list`.
  template <class List>
  Result<std::shared_ptr<const Entries>> at(off_t offset, List list) {
    if (offset == 0) {
      bool again = std::exchange(*started_.lock(), true);
      if (again) {
        TRY_ASSIGN(auto entries, list());
        *entries_.lock() = std::make_shared<const Entries>(std::move(entries));
      }
    }
    return *entries_.lock();
  }

 private:
  Sync<std::shared_ptr<const Entries>> entries_;
  Sync<bool> started_{false};
};

}  // namespace rfs
