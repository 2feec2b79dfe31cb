// Connections: the open connections to one database: one that writes, and a few that read. Any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "backends/store/db.h"
#include "base/sync.h"

namespace rfs::store {

class Connections {
 public:
  using Open = std::function<Result<std::unique_ptr<Db>>()>;
  // writer: null when read-only. reader: opens one more reading connection; empty when the writer reads too (a
  // database in memory is seen by its one connection only).
  Connections(std::unique_ptr<Db> writer, Open reader) : writer_(std::move(writer)), open_reader_(std::move(reader)) {}
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // A connection for the exclusive use of one thread, until it goes out of scope. Statements must be gone before.
  class Lease {
   public:
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Db& operator*() const { return *db_; }
    Db* operator->() const { return db_; }

   private:
    friend class Connections;
    Lease(Connections& owner, std::unique_lock<std::mutex> lock)
        : owner_(&owner), db_(owner.writer_.get()), lock_(std::move(lock)) {}
    Lease(Connections& owner, std::unique_ptr<Db> reader)
        : owner_(&owner), db_(reader.get()), reader_(std::move(reader)) {}
    Connections* owner_;
    Db* db_;
    std::unique_lock<std::mutex> lock_;
    std::unique_ptr<Db> reader_;
  };

  // Waits for one of kReaders; they are lent for one short read each.
  Result<Lease> read();
  // Waits for the writing connection. kReadOnly when there is none.
  Result<Lease> write();
  std::optional<Lease> try_write();

  // True once any of them found the database corrupt.
  bool corrupt() const { return corrupt_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kReaders = 8;
  struct Readers {
    std::vector<std::unique_ptr<Db>> idle;
    std::size_t lent = 0;
  };

  std::unique_ptr<Db> writer_;  // used under writer_mutex_
  std::mutex writer_mutex_;
  const Open open_reader_;
  Sync<Readers> readers_;
  std::condition_variable returned_;
  std::atomic<bool> corrupt_{false};
};

}  // namespace rfs::store
