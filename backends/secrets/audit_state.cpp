#include "backends/secrets/audit_state.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

namespace rfs::audit {
namespace {

constexpr std::size_t kTag = 24;
constexpr auto kLongest = std::chrono::seconds(2);

void put_be(MutableBytes out, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

bool set_lock(int fd, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  int rc;
  do {
    rc = ::fcntl(fd, F_OFD_SETLK, &lock);
  } while (rc != 0 && errno == EINTR);
  return rc == 0;
}

}  // namespace

State State::clone() const { return {seq, key.clone(), mac, inode, size, generation, boot}; }

void encode_slot(const State& state, MutableBytes out) {
  put_be(out, state.seq);
  std::ranges::copy(state.key.reveal(), out.begin() + 8);
  std::ranges::copy(state.mac, out.begin() + 40);
  put_be(out.subspan(72), state.inode);
  put_be(out.subspan(80), state.size);
  put_be(out.subspan(88), state.generation);
  put_be(out.subspan(96), state.boot);
  const Digest tag = hmac_sha256(state.key.reveal(), BytesView(out).first(kSlot - kTag));
  std::copy_n(tag.begin(), kTag, out.begin() + kSlot - kTag);
}

bool decode_slot(BytesView slot, State& state) {
  const BytesView key = slot.subspan(8, 32);
  const Digest tag = hmac_sha256(key, slot.first(kSlot - kTag));
  if (!std::equal(tag.begin(), tag.begin() + kTag, slot.begin() + kSlot - kTag)) return false;
  state.seq = read_be<std::uint64_t>(slot);
  state.key = SecretBytes::copy_of(key);
  std::copy_n(slot.begin() + 40, 32, state.mac.begin());
  state.inode = read_be<std::uint64_t>(slot.subspan(72));
  state.size = read_be<std::uint64_t>(slot.subspan(80));
  state.generation = read_be<std::uint64_t>(slot.subspan(88));
  state.boot = read_be<std::uint64_t>(slot.subspan(96));
  return true;
}

Result<State> decode_state(BytesView slots) {
  State first, second;
  const bool one = slots.size() == 2 * kSlot && decode_slot(slots.first(kSlot), first);
  const bool two = slots.size() == 2 * kSlot && decode_slot(slots.subspan(kSlot), second);
  if (!one && !two)
    return fail(Code::kTampered, "audit.state is damaged: the audit log cannot be continued",
                "keep audit.log and audit.state as evidence elsewhere; a new log is begun where there is none");
  return one && (!two || first.seq >= second.seq) ? std::move(first) : std::move(second);
}

std::string boot_id() {
  const auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  return text ? text->substr(0, text->find('\n')) : "";
}

std::uint64_t boot_number(const std::string& boot_id) { return read_be<std::uint64_t>(sha256(view(boot_id))); }

Result<Fd> open_own(const std::string& path, int flags) {
  const std::string name = path.substr(path.rfind('/') + 1);
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
  if (!fd && errno == ELOOP)
    return fail(Code::kDenied, name + " is a symbolic link", "put a file of your own in its place");
  if (!fd) return fail_errno(errno, "cannot open " + name);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail_errno(errno, "cannot look at " + name);
  if (!S_ISREG(info.st_mode) || info.st_nlink > 1 || (info.st_uid != ::geteuid() && ::geteuid() != 0))
    return fail(Code::kDenied, name + " is not a plain file of this user",
                "put a file of your own with one name in its place");
  if ((info.st_mode & 07777) != 0600 && ::fchmod(fd.get(), 0600) != 0)
    return fail_errno(errno, "cannot set the mode of " + name);
  return fd;
}

Result<std::unique_ptr<StateFile>> StateFile::open(const std::string& path) {
  std::unique_ptr<StateFile> file(new StateFile);
  file->path_ = path;
  TRY_ASSIGN(file->fd_, open_own(path, O_RDWR | O_CREAT));
  if (::fstat(file->fd_.get(), &file->info_) != 0) return fail_errno(errno, "cannot look at audit.state");
  return file;
}

StateFile::Lock::~Lock() {
  if (fd_ >= 0) set_lock(fd_, F_UNLCK);
}

Result<StateFile::Lock> StateFile::take_lock(int fd, bool exclusive) {
  const short type = exclusive ? F_WRLCK : F_RDLCK;
  if (set_lock(fd, type)) return Lock(fd);
  // Polled, as a wait for a lock knows no deadline. A line takes tens of microseconds.
  const auto until = std::chrono::steady_clock::now() + kLongest;
  for (auto pause = std::chrono::microseconds(20);; pause = std::min(pause * 2, std::chrono::microseconds(1000))) {
    if (errno != EAGAIN && errno != EACCES)
      return fail(Code::kUnsupported, std::string("audit.state cannot be locked: ") + std::strerror(errno),
                  "keep credentials on a local file system");
    if (std::chrono::steady_clock::now() > until)
      return fail(Code::kBusy, "another process holds the audit log",
                  "is a daemon of runnerfs stopped or being debugged?");
    std::this_thread::sleep_for(pause);
    if (set_lock(fd, type)) return Lock(fd);
  }
}

Result<> StateFile::check_in_place() const {
  struct stat now {};
  if (::stat(path_.c_str(), &now) != 0 || now.st_ino != info_.st_ino || now.st_dev != info_.st_dev)
    return fail(Code::kTampered, "audit.state was removed or replaced",
                "restart runnerfs once both files of the log are back");
  return {};
}

bool StateFile::empty() const {
  struct stat now {};
  return ::fstat(fd_.get(), &now) == 0 && now.st_size == 0;
}

Result<const State*> StateFile::read() {
  const ssize_t n = ::pread(fd_.get(), reading_.reveal_mutable().data(), reading_.size(), 0);
  if (n < 0) return fail_errno(errno, "cannot read audit.state");
  const BytesView found = reading_.reveal().first(static_cast<std::size_t>(n));
  if (state_.key.empty() || !slots_.equals(found)) {
    TRY_ASSIGN(state_, decode_state(found));
    std::swap(slots_, reading_);
  }
  return &state_;
}

Result<> StateFile::write(State state) {
  const MutableBytes slots = slots_.reveal_mutable();
  for (std::size_t at : {std::size_t{0}, kSlot}) {
    if (at == 0)
      encode_slot(state, slots.first(kSlot));
    else
      std::copy_n(slots.begin(), kSlot, slots.begin() + kSlot);
    const ssize_t n = ::pwrite(fd_.get(), slots.data() + at, kSlot, static_cast<off_t>(at));
    if (n == static_cast<ssize_t>(kSlot)) continue;
    state_.key = {};  // what is in the file is read again
    return fail_errno(n < 0 ? errno : EIO, "cannot write audit.state");
  }
  state_ = std::move(state);
  return {};
}

Result<> StateFile::sync() const {
  if (::fdatasync(fd_.get()) != 0) return fail_errno(errno, "cannot sync audit.state");
  return {};
}

}  // namespace rfs::audit
