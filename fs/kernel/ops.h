// Ops: the kernel's requests, each translated to one call of the tree and its result back. libfuse's workers call
// these; what may take time is answered from the thread that has the result. No lock of ours is held while the tree is
// called or the kernel is answered.
//
// The object lives as long as anybody may still call back: deferred work holds it by shared_ptr.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/counters.h"
#include "fs/kernel/handle.h"
#include "fs/kernel/node_table.h"
#include "fs/kernel/notifier.h"
#include "fs/kernel/pending.h"
#include "fs/kernel/session.h"
#include "fs/kernel/told.h"

namespace rfs {

class Ops : public std::enable_shared_from_this<Ops> {
 public:
  Ops(const MountOptions& options, Namespace& root, const Clock& clock, Counters& counters);

  // What fuse_session_new() takes, with this object as its userdata.
  static const fuse_lowlevel_ops& table();
  void on_init(std::function<void()> ready) { ready_ = std::move(ready); }

  NodeTable& nodes() { return nodes_; }
  Pending& pending() { return pending_; }
  Notifier& notifier() { return notifier_; }

  // Who may send a request. Changes are for the uid that the mount serves, and root; others may read under allow_other.
  enum class Access { kAnybody, kRead, kChange };
  // Runs one callback: counts, checks, and turns exceptions into EIO.
  template <class Callback>
  void guard(fuse_req_t req, Counter counter, Access access, Callback callback) noexcept;

  // ops.cpp
  void init(fuse_conn_info* conn);
  void lookup(Request request, fuse_ino_t parent, const char* name);
  void forget(Request request, fuse_ino_t ino, std::uint64_t lookups);
  void forget_multi(Request request, std::size_t count, fuse_forget_data* forgets);
  void getattr(Request request, fuse_ino_t ino, fuse_file_info* info);
  void statfs(Request request, fuse_ino_t ino);
  // ops_open.cpp
  void open(Request request, fuse_ino_t ino, fuse_file_info* info);
  void read(Request request, fuse_ino_t ino, std::size_t size, off_t offset, fuse_file_info* info);
  void release(Request request, fuse_ino_t ino, fuse_file_info* info);
  // ops_write.cpp
  void create(Request request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* info);
  void write(Request request, fuse_ino_t ino, const char* bytes, std::size_t size, off_t offset, fuse_file_info* info);
  void flush(Request request, fuse_ino_t ino, fuse_file_info* info);
  void fsync(Request request, fuse_ino_t ino, int data_only, fuse_file_info* info);
  // ops_setattr.cpp
  void setattr(Request request, fuse_ino_t ino, struct stat* attributes, int which, fuse_file_info* info);
  // ops_dir.cpp
  void opendir(Request request, fuse_ino_t ino, fuse_file_info* info);
  void readdir(Request request, fuse_ino_t ino, std::size_t size, off_t offset, fuse_file_info* info);
  void readdirplus(Request request, fuse_ino_t ino, std::size_t size, off_t offset, fuse_file_info* info);
  void releasedir(Request request, fuse_ino_t ino, fuse_file_info* info);
  void fsyncdir(Request request, fuse_ino_t ino, int data_only, fuse_file_info* info);
  void mkdir(Request request, fuse_ino_t parent, const char* name, mode_t mode);
  void unlink(Request request, fuse_ino_t parent, const char* name);
  void rmdir(Request request, fuse_ino_t parent, const char* name);
  void rename(Request request, fuse_ino_t parent, const char* name, fuse_ino_t to_parent, const char* to_name,
              unsigned flags);
  void mknod(Request request, fuse_ino_t parent, const char* name, mode_t mode, dev_t device);
  void symlink(Request request, const char* target, fuse_ino_t parent, const char* name);
  void link(Request request, fuse_ino_t ino, fuse_ino_t to_parent, const char* to_name);
  // ops_xattr.cpp
  void getxattr(Request request, fuse_ino_t ino, const char* name, std::size_t size);
  void listxattr(Request request, fuse_ino_t ino, std::size_t size);
  void setxattr(Request request, fuse_ino_t ino, const char* name, const char* value, std::size_t size, int flags);
  void removexattr(Request request, fuse_ino_t ino, const char* name);

 private:
  // Starts work whose result may come later and from another thread. `start` is given the Reply; `finish` is called
  // with the request and the result, unless the request was answered otherwise meanwhile.
  template <class T, class Start, class Finish>
  void defer(Request request, Start start, Finish finish) {
    auto ticket = pending_.issue(std::move(request));
    start(Reply<T>([self = shared_from_this(), ticket, finish = std::move(finish)](Result<T> result) mutable {
      auto claim = ticket->claim();
      if (!claim) return;
      if (result) return finish(*self, claim->request(), std::move(*result));
      self->refuse(claim->request(), result.error());
    }));
    pending_.watch(ticket);
  }
  // The same where the error needs a look too, or where the result counts also when nobody waits any more.
  template <class T, class Start, class Finish>
  void defer_all(Request request, Start start, Finish finish) {
    auto ticket = pending_.issue(std::move(request));
    start(Reply<T>([self = shared_from_this(), ticket, finish = std::move(finish)](Result<T> result) mutable {
      finish(self, ticket, std::move(result));
    }));
    pending_.watch(ticket);
  }

  void refuse(Request& request, const Error& error);
  bool allowed(const Request& request, Access access) const;
  // Whether the tree takes writes at this name; nothing is written.
  bool takes_writes(const std::string& path, const Caller& caller);
  // EROFS, or `otherwise` where the tree takes writes: for what no part of it can do.
  void refuse_change(Request& request, fuse_ino_t parent, const char* name, int otherwise);

  struct stat attributes(const KernelNode& node, std::uint64_t size, double mtime) const;
  struct stat attributes(const KernelNodePtr& node);
  void answer_attr(Request& request, const KernelNodePtr& node);
  // Answers a LOOKUP or the like with a node whose lookup was counted.
  void answer_entry(Request& request, const KernelNodePtr& node, double name_timeout);
  fuse_entry_param entry(const KernelNodePtr& node, double name_timeout);

  void opened(Request& request, const KernelNodePtr& node, const FilePtr& held, pid_t thread, fuse_file_info info,
              const FilePtr& file);
  void answer_open(Request& request, std::unique_ptr<OpenHandle> handle, fuse_file_info info, bool direct);
  void open_for_writing(Request request, const KernelNodePtr& node, fuse_file_info info);
  // The version that was found is not the node's: the name gets a new node.
  void superseded(const KernelNodePtr& node);
  // A commit made `file` the version of `path`; `then` when the kernel's names say so too.
  void published(const std::string& path, std::function<void()> then);
  void commit(Request request, const std::shared_ptr<WriteHandle>& writer, const std::string& path, bool sync);
  void pin(const FilePtr& file);
  template <class Add>
  bool list(Request& request, const OpenHandle& handle, std::size_t size, off_t offset, Add add);

  const MountOptions options_;
  Namespace& root_;
  const Clock& clock_;
  Counters& counters_;
  std::function<void()> ready_;
  NodeTable nodes_;
  Handles handles_;
  Told told_;
  Notifier notifier_;
  // The last versions that a stat made: the open that follows it must find the same one, and nodes don't own theirs.
  struct Pins {
    std::array<FilePtr, 64> files;
    std::size_t next = 0;
  };
  Sync<Pins> pins_;
  Pending pending_;  // last: its thread is the first thing to end
};

}  // namespace rfs
