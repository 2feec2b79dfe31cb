// Rows: what one transaction does to the tables, with the totals kept in step. Lives as long as the transaction, on the
// thread that has the writing connection.
#pragma once

#include <cstdint>
#include <optional>

#include "backends/store/db.h"
#include "backends/store/prepare.h"
#include "crypto/key_ring.h"

namespace rfs::store {

struct Totals {
  std::int64_t entries = 0, bytes = 0, bodies = 0;
};
// What the store holds now; bytes: META records and the bodies that an entry refers to.
Result<Totals> read_totals(Db& db);

class Rows {
 public:
  // now_ms: of the clock; stamps of use rise strictly from it, so that what came first goes first.
  Rows(Db& db, const KeyRing& ring, std::int64_t now_ms) : db_(db), ring_(ring), stamp_(now_ms) {}

  // kStale: the body to be shared is gone; prepare again.
  Result<> put(const PreparedEntry& entry);
  // False: it was absent.
  Result<bool> remove(const Digest& id);
  Result<> remove_row(std::int64_t n);
  // An entry that referred to the body is gone: if it was the last, the body is marked for collection (evict.cpp).
  Result<> let_go(BytesView body_id);
  Result<> touch(const Digest& id, std::int64_t used_ms);
  Result<> set_value(const std::string& name, const std::string& value);
  // Writes the totals. Last before the commit.
  Result<> finish();

 private:
  struct Old {
    std::int64_t n = 0;
    std::int64_t size = 0;
    Bytes parent, body_id;
  };
  Result<std::optional<Old>> old_row(Stmt stmt);
  Result<> remove_old(const Old& old);
  Result<> write_body(const PreparedEntry& entry);
  Result<> refer(const Id16& body_id);

  Db& db_;
  const KeyRing& ring_;
  std::int64_t stamp_;
  Totals change_;
};

}  // namespace rfs::store
