#include "backends/store/batch.h"

#include <algorithm>

#include "backends/store/codec.h"
#include "backends/store/prepare.h"
#include "backends/store/rows.h"

namespace rfs::store {

namespace {

// While it lives, commits of the connection also survive a power cut.
class Durable {
 public:
  static Result<Durable> on(Db& db) {
    TRY(db.exec("PRAGMA synchronous = FULL"));
    return Durable(db);
  }
  Durable(Durable&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Durable& operator=(Durable&&) = delete;
  ~Durable() {
    if (db_) (void)db_->exec("PRAGMA synchronous = NORMAL");
  }

 private:
  explicit Durable(Db& db) : db_(&db) {}
  Db* db_;
};

Result<> write_op(Rows& rows, const KeyRing& ring, const Op& op, const PreparedEntry* prepared) {
  switch (op.kind) {
    case Op::Kind::kPut:
    case Op::Kind::kUpdate:
      return rows.put(*prepared);
    case Op::Kind::kRemove: {
      TRY(rows.remove(entry_id(ring, op.key)));
      return {};
    }
    case Op::Kind::kValue:
      return rows.set_value(op.name, op.value);
    case Op::Kind::kClear:
    case Op::Kind::kFlush:
      break;
  }
  return {};
}

}  // namespace

Result<> write_batch(const std::shared_ptr<Database>& database, std::span<const Op> ops, const Touches& touches,
                     std::int64_t now_ms) {
  // Reading, sealing and large files come before the transaction: other processes wait for that.
  Preparer preparer(database);
  std::vector<PreparedEntry> prepared(ops.size());
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (!ops[i].entry) continue;
    bool update = ops[i].kind == Op::Kind::kUpdate;
    TRY_ASSIGN(prepared[i], update ? preparer.update(*ops[i].entry) : preparer.put(*ops[i].entry));
  }
  bool sync = std::any_of(ops.begin(), ops.end(), [](const Op& op) { return op.sync; });

  TRY_ASSIGN(auto db, database->connections().write());
  std::optional<Durable> durable;
  if (sync) {
    TRY_ASSIGN(Durable on, Durable::on(*db));
    durable.emplace(std::move(on));
  }
  TRY_ASSIGN(Txn txn, Txn::begin(*db));
  Rows rows(*db, database->ring(), now_ms);
  for (std::size_t i = 0; i < ops.size(); ++i) TRY(write_op(rows, database->ring(), ops[i], &prepared[i]));
  for (const auto& [id, used_ms] : touches) TRY(rows.touch(id, used_ms));
  TRY(rows.finish());
  // A commit without a change writes nothing and syncs nothing: not what was committed before either.
  if (sync)
    TRY(db->use("INSERT INTO meta (name, value) VALUES ('synced', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1")
            .integer(now_ms)
            .run());
  TRY(txn.commit());
  preparer.committed();
  for (std::size_t i = 0; i < ops.size(); ++i)
    if (ops[i].entry) database->faults().renewed("entry " + shown_path(ops[i].entry->key));
  return {};
}

}  // namespace rfs::store
