#include "backends/store/connections.h"

namespace rfs::store {

// Readers first: the connection closed last checkpoints the -wal and removes it, which a reader must not do.
Connections::~Connections() { readers_.lock()->idle.clear(); }

Connections::Lease::~Lease() {
  if (!db_ || (!reader_ && !lock_.owns_lock())) return;  // moved from
  if (db_->corrupt()) owner_->corrupt_.store(true, std::memory_order_relaxed);
  if (!reader_) return;
  {
    auto readers = owner_->readers_.lock();
    --readers->lent;
    readers->idle.push_back(std::move(reader_));
  }
  owner_->returned_.notify_one();
}

Result<Connections::Lease> Connections::read() {
  if (!open_reader_) return write();
  {
    auto readers = readers_.lock();
    returned_.wait(readers.lock(), [&] { return readers->lent < kReaders; });
    ++readers->lent;
    if (!readers->idle.empty()) {
      auto reader = std::move(readers->idle.back());
      readers->idle.pop_back();
      return Lease(*this, std::move(reader));
    }
  }
  auto reader = open_reader_();
  if (reader) return Lease(*this, std::move(*reader));
  {
    auto readers = readers_.lock();
    --readers->lent;
  }
  returned_.notify_one();
  return fail(std::move(reader.error()));
}

Result<Connections::Lease> Connections::write() {
  if (!writer_) return fail(Code::kReadOnly, "the store was opened read-only", "make its directory writable");
  return Lease(*this, std::unique_lock(writer_mutex_));
}

std::optional<Connections::Lease> Connections::try_write() {
  if (!writer_) return std::nullopt;
  std::unique_lock lock(writer_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return std::nullopt;
  return Lease(*this, std::move(lock));
}

}  // namespace rfs::store
