#include "backends/store/locks.h"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace rfs::store {

namespace {

constexpr std::int64_t kGateOffset = std::int64_t{1} << 62;

std::int64_t offset_of(const Id16& id) { return static_cast<std::int64_t>(read_be<std::uint64_t>(id) >> 2); }

struct flock range(short type, std::int64_t offset) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset;
  lock.l_len = 1;
  return lock;
}

}  // namespace

Result<std::shared_ptr<Locks>> Locks::open(const std::string& path) {
  std::shared_ptr<Locks> locks(new Locks);
  if (path.empty()) return locks;
  locks->fd_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  locks->writable_ = static_cast<bool>(locks->fd_);
  if (!locks->fd_ && (errno == EROFS || errno == EACCES)) {
    locks->fd_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    return locks;
  }
  if (!locks->fd_) return fail_errno(errno, "cannot open the lock of the store");
  return locks;
}

bool Locks::set(short type, std::int64_t offset) const {
  struct flock lock = range(type, offset);
  while (::fcntl(fd_.get(), F_OFD_SETLK, &lock) != 0)
    if (errno != EINTR) return false;
  return true;
}

Locks::Pin::Pin(std::shared_ptr<Locks> locks, const Id16& id) : locks_(std::move(locks)), id_(id) {
  auto pins = locks_->pins_.lock();
  // A file system without such locks has no other user to be protected from either: SQLite's WAL needs them too.
  if (++(*pins)[id_] == 1 && locks_->fd_) locks_->set(F_RDLCK, offset_of(id_));
}

Locks::Pin::~Pin() {
  auto pins = locks_->pins_.lock();
  auto at = pins->find(id_);
  if (--at->second > 0) return;
  pins->erase(at);
  if (locks_->fd_) locks_->set(F_UNLCK, offset_of(id_));
}

std::shared_ptr<const Locks::Pin> Locks::pin(const Id16& id) {
  return std::make_shared<const Pin>(shared_from_this(), id);
}

bool Locks::pinned(const Id16& id) {
  auto pins = pins_.lock();
  if (pins->count(id)) return true;
  if (!fd_) return false;
  struct flock lock = range(F_WRLCK, offset_of(id));
  return ::fcntl(fd_.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

Locks::Gate::~Gate() {
  if (locks_ && locks_->writable_) locks_->set(F_UNLCK, kGateOffset);
}

Result<Locks::Gate> Locks::gate() {
  if (!writable_) return Gate(nullptr);
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!set(F_WRLCK, kGateOffset)) {
    if (errno != EAGAIN && errno != EACCES) return fail_errno(errno, "cannot lock the directory of the store");
    if (std::chrono::steady_clock::now() > until)
      return fail(Code::kBusy, "another process has been opening the cache for ten seconds",
                  "end the process that holds the file `lock` of its directory");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return Gate(shared_from_this());
}

}  // namespace rfs::store
