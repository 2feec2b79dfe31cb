// Request: one question of the kernel, answered exactly once. Move-only; may be answered from any thread. Destroyed
// unanswered it answers EIO, so that neither an exception nor a forgotten path leaves a reader hanging.
#pragma once

#include <fuse_lowlevel.h>

#include <utility>

#include "base/error.h"
#include "fs/tree/namespace.h"

namespace rfs {

class Request {
 public:
  explicit Request(fuse_req_t req) : req_(req) {}
  Request(Request&& other) noexcept : req_(std::exchange(other.req_, nullptr)) {}
  Request& operator=(Request&& other) noexcept;
  ~Request();

  // Of the thread that asks: the kernel's pid is a thread id (0 when that thread is in a foreign pid namespace).
  Caller caller() const;
  pid_t thread() const { return caller().pid; }
  // REQUIRES: not answered yet.
  fuse_req_t raw() const { return req_; }

  void error(int number);
  void error(const Error& error) { this->error(to_errno(error.code)); }
  void ok() { error(0); }
  void none();  // FORGET has no answer
  void attr(const struct stat& attributes, double timeout);
  void written(std::size_t n);
  void xattr_size(std::size_t n);
  void statfs(const struct statvfs& numbers);
  // False: the kernel no longer waits (the caller was killed), so what the answer would have handed over (a lookup
  // count, a handle) stays with us and must be taken back.
  [[nodiscard]] bool entry(const fuse_entry_param& entry);
  bool bytes(BytesView bytes);
  [[nodiscard]] bool open(const fuse_file_info& info);
  [[nodiscard]] bool create(const fuse_entry_param& entry, const fuse_file_info& info);

 private:
  fuse_req_t take() { return std::exchange(req_, nullptr); }
  fuse_req_t req_;
};

}  // namespace rfs
