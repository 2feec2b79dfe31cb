#include "fs/kernel/request.h"

#include <cerrno>

namespace rfs {

Request& Request::operator=(Request&& other) noexcept {
  if (this != &other) {
    if (req_) error(EIO);
    req_ = other.take();
  }
  return *this;
}

Request::~Request() {
  if (req_) error(EIO);
}

Caller Request::caller() const {
  const fuse_ctx* context = fuse_req_ctx(req_);
  return {context->uid, context->gid, context->pid};
}

// What write() to /dev/fuse says when the caller is gone or the filesystem unmounted is of no use to anybody, except
// where the header says so.
void Request::error(int number) { fuse_reply_err(take(), number); }
void Request::none() { fuse_reply_none(take()); }
void Request::attr(const struct stat& attributes, double timeout) { fuse_reply_attr(take(), &attributes, timeout); }
bool Request::bytes(BytesView bytes) {
  return fuse_reply_buf(take(), reinterpret_cast<const char*>(bytes.data()), bytes.size()) == 0;
}
void Request::written(std::size_t n) { fuse_reply_write(take(), n); }
void Request::xattr_size(std::size_t n) { fuse_reply_xattr(take(), n); }
void Request::statfs(const struct statvfs& numbers) { fuse_reply_statfs(take(), &numbers); }
bool Request::entry(const fuse_entry_param& entry) { return fuse_reply_entry(take(), &entry) == 0; }
bool Request::open(const fuse_file_info& info) { return fuse_reply_open(take(), &info) == 0; }
bool Request::create(const fuse_entry_param& entry, const fuse_file_info& info) {
  return fuse_reply_create(take(), &entry, &info) == 0;
}

}  // namespace rfs
