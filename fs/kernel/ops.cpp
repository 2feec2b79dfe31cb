#include "fs/kernel/ops.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <cmath>
#include <exception>

#include "base/log.h"

namespace rfs {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr Millis kOneWalk{1'000};  // from the GETATTR of a walk to its OPEN; an answer is as good as new for so long

// A callback of libfuse out of a member function of Ops.
template <auto method, Counter counter, Ops::Access access>
struct Callback;
template <class... Args, void (Ops::*method)(Request, Args...), Counter counter, Ops::Access access>
struct Callback<method, counter, access> {
  static void call(fuse_req_t req, Args... args) {
    auto& ops = *static_cast<Ops*>(fuse_req_userdata(req));
    ops.guard(req, counter, access, [&](Request request) { (ops.*method)(std::move(request), args...); });
  }
};

fuse_lowlevel_ops make_table() {
  constexpr auto kAnybody = Ops::Access::kAnybody;  // the descriptor is the permission
  constexpr auto kRead = Ops::Access::kRead;
  constexpr auto kChange = Ops::Access::kChange;
  constexpr auto kUncounted = Counter::kCount;
  fuse_lowlevel_ops table{};
  table.init = [](void* ops, fuse_conn_info* conn) { static_cast<Ops*>(ops)->init(conn); };
  table.lookup = Callback<&Ops::lookup, Counter::kLookups, kRead>::call;
  table.forget = Callback<&Ops::forget, kUncounted, kAnybody>::call;
  table.forget_multi = Callback<&Ops::forget_multi, kUncounted, kAnybody>::call;
  table.getattr = Callback<&Ops::getattr, Counter::kGetattrs, kRead>::call;
  table.statfs = Callback<&Ops::statfs, kUncounted, kAnybody>::call;
  table.open = Callback<&Ops::open, Counter::kOpens, kRead>::call;
  table.read = Callback<&Ops::read, Counter::kReads, kAnybody>::call;
  table.release = Callback<&Ops::release, kUncounted, kAnybody>::call;
  table.create = Callback<&Ops::create, Counter::kOpens, kChange>::call;
  table.write = Callback<&Ops::write, Counter::kWrites, kAnybody>::call;
  table.flush = Callback<&Ops::flush, kUncounted, kAnybody>::call;
  table.fsync = Callback<&Ops::fsync, kUncounted, kAnybody>::call;
  table.setattr = Callback<&Ops::setattr, kUncounted, kChange>::call;
  table.opendir = Callback<&Ops::opendir, Counter::kReaddirs, kRead>::call;
  table.readdir = Callback<&Ops::readdir, kUncounted, kAnybody>::call;
  table.readdirplus = Callback<&Ops::readdirplus, kUncounted, kAnybody>::call;
  table.releasedir = Callback<&Ops::releasedir, kUncounted, kAnybody>::call;
  table.fsyncdir = Callback<&Ops::fsyncdir, kUncounted, kAnybody>::call;
  table.mkdir = Callback<&Ops::mkdir, kUncounted, kChange>::call;
  table.unlink = Callback<&Ops::unlink, kUncounted, kChange>::call;
  table.rmdir = Callback<&Ops::rmdir, kUncounted, kChange>::call;
  table.rename = Callback<&Ops::rename, kUncounted, kChange>::call;
  table.mknod = Callback<&Ops::mknod, kUncounted, kChange>::call;
  table.symlink = [](fuse_req_t req, const char* target, fuse_ino_t parent, const char* name) {
    Callback<&Ops::symlink, kUncounted, kChange>::call(req, target, parent, name);
  };
  table.link = Callback<&Ops::link, kUncounted, kChange>::call;
  table.getxattr = Callback<&Ops::getxattr, kUncounted, kRead>::call;
  table.listxattr = Callback<&Ops::listxattr, kUncounted, kRead>::call;
  table.setxattr = Callback<&Ops::setxattr, kUncounted, kChange>::call;
  table.removexattr = Callback<&Ops::removexattr, kUncounted, kChange>::call;
  return table;
}

timespec to_timespec(double seconds) {
  double whole = std::floor(seconds);
  return {static_cast<time_t>(whole), static_cast<long>((seconds - whole) * 1e9)};
}

void on_interrupt(fuse_req_t req, void* id) {
  static_cast<Ops*>(fuse_req_userdata(req))->pending().interrupted(reinterpret_cast<std::uintptr_t>(id));
}

}  // namespace

const fuse_lowlevel_ops& Ops::table() {
  static const fuse_lowlevel_ops table = make_table();
  return table;
}

Ops::Ops(const MountOptions& options, Namespace& root, const Clock& clock, Counters& counters)
    : options_(options),
      root_(root),
      clock_(clock),
      counters_(counters),
      nodes_(options.allow_other ? 0755 : 0700),
      told_(clock),
      notifier_(nodes_),
      pending_(clock, counters, options.deadline, on_interrupt) {}

template <class Callback>
void Ops::guard(fuse_req_t req, Counter counter, Access access, Callback callback) noexcept {
  if (counter != Counter::kCount) counters_.add(counter);
  try {
    Request request(req);
    if (allowed(request, access)) return callback(std::move(request));
    request.error(EACCES);
  } catch (const std::exception& e) {  // the request was answered EIO when it was unwound
    counters_.add(Counter::kErrors);
    log(Level::kError, "a request of the kernel failed: {}", e.what());
  }
}

bool Ops::allowed(const Request& request, Access access) const {
  if (access == Access::kAnybody) return true;
  Caller caller = request.caller();
  if (caller.uid == options_.uid || caller.uid == 0) return true;
  return options_.allow_other && access == Access::kRead;
}

void Ops::refuse(Request& request, const Error& error) { request.error(error); }

void Ops::init(fuse_conn_info* conn) {
  // A version never changes under its node, so there is nothing to find out by comparing times and sizes.
  conn->want &= ~static_cast<unsigned>(FUSE_CAP_AUTO_INVAL_DATA);
  // Files of a few KiB out of memory: a pipe in between only costs.
  conn->want &= ~static_cast<unsigned>(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
  // The kernel must not keep written bytes to itself: a close that succeeded has stored them.
  conn->want &= ~static_cast<unsigned>(FUSE_CAP_WRITEBACK_CACHE);
  // O_TRUNC arrives with OPEN (when it doesn't, as a SETATTR that finds the writer by its node), and listings may bring
  // the attributes along.
  conn->want |= conn->capable & (FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO |
                                 FUSE_CAP_ASYNC_DIO | FUSE_CAP_PARALLEL_DIROPS);
  if (ready_) ready_();
}

void Ops::lookup(Request request, fuse_ino_t parent, const char* name) {
  auto directory = nodes_.find(parent);
  if (!directory) return request.error(ESTALE);
  if (std::string_view(name).size() > kLongestName) return request.error(ENAMETOOLONG);
  std::string path = child_path(directory->path, name);
  if (auto draft = told_.draft(request.thread(), path)) {
    nodes_.enter(draft);
    return answer_entry(request, draft, 0);
  }
  auto found = root_.lookup(path, request.caller());
  if (!found) return refuse(request, found.error());
  if (found->kind == Node::Kind::kAbsent) {
    // What is being created is there for everybody, though it has no content yet.
    if (auto draft = nodes_.draft_of(path)) {
      nodes_.enter(draft);
      return answer_entry(request, draft, 0);
    }
    if (found->timeout <= 0) return request.error(ENOENT);
    fuse_entry_param absent{};
    absent.entry_timeout = found->timeout;
    return (void)request.entry(absent);
  }
  bool unbound = found->kind == Node::Kind::kUnbound;
  if (found->file) told_.found(request.thread(), path, found->file);
  answer_entry(request, nodes_.enter(path, *found), unbound ? 0 : found->timeout);
}

void Ops::answer_entry(Request& request, const KernelNodePtr& node, double name_timeout) {
  if (!request.entry(entry(node, name_timeout))) nodes_.forget(node->id, 1);
}

fuse_entry_param Ops::entry(const KernelNodePtr& node, double name_timeout) {
  fuse_entry_param entry{};
  entry.ino = node->id;
  entry.attr = attributes(node);
  entry.attr_timeout = node->timeout;
  entry.entry_timeout = name_timeout;
  return entry;
}

struct stat Ops::attributes(const KernelNode& node, std::uint64_t size, double mtime) const {
  bool directory = node.kind == KernelNode::Kind::kDirectory;
  struct stat result {};
  result.st_ino = path_inode(node.path);
  result.st_mode = node.mode | (directory ? S_IFDIR : S_IFREG);
  result.st_nlink = directory ? 2 : 1;
  result.st_uid = options_.uid;
  result.st_gid = options_.gid;
  result.st_size = static_cast<off_t>(size);
  result.st_blocks = static_cast<blkcnt_t>((size + 511) / 512);
  result.st_blksize = 4096;
  result.st_mtim = result.st_ctim = result.st_atim = to_timespec(mtime);
  return result;
}

struct stat Ops::attributes(const KernelNodePtr& node) {
  if (auto writer = nodes_.writer(node)) return attributes(*node, writer->size(), node->mtime());
  return attributes(*node, node->size(), node->mtime());
}

void Ops::answer_attr(Request& request, const KernelNodePtr& node) { request.attr(attributes(node), node->timeout); }

void Ops::forget(Request request, fuse_ino_t ino, std::uint64_t lookups) {
  nodes_.forget(ino, lookups);
  request.none();
}

void Ops::forget_multi(Request request, std::size_t count, fuse_forget_data* forgets) {
  for (std::size_t i = 0; i < count; ++i) nodes_.forget(forgets[i].ino, forgets[i].nlookup);
  request.none();
}

void Ops::getattr(Request request, fuse_ino_t ino, fuse_file_info* info) {
  auto node = nodes_.find(ino);
  if (!node) return request.error(ESTALE);
  if (info && info->fh && node->kind != KernelNode::Kind::kDirectory) {
    OpenHandle& handle = Handles::get(info->fh);
    if (handle.writer) return request.attr(attributes(*node, handle.writer->size(), node->mtime()), 0);
    if (handle.file) return request.attr(attributes(*node, handle.file->size(), handle.file->mtime()), node->timeout);
  }
  if (node->kind != KernelNode::Kind::kFile || node->bound()) return answer_attr(request, node);
  Caller caller = request.caller();
  defer<FilePtr>(
      std::move(request), [&](Reply<FilePtr> reply) { root_.bind(node->path, caller, std::move(reply)); },
      [node](Ops& ops, Request& waiting, FilePtr file) {
        if (!file) return waiting.error(EIO);
        ops.pin(file);
        // Else it was bound meanwhile, and that version is what it stands for.
        if (ops.nodes_.bind(node, file)) node->keep_for_open(ops.clock_.steady() + kOneWalk);
        ops.answer_attr(waiting, node);
      });
}

void Ops::pin(const FilePtr& file) {
  FilePtr dropped;  // destroyed after the lock is released
  auto pins = pins_.lock();
  dropped = std::exchange(pins->files[pins->next++ % pins->files.size()], file);
}

void Ops::statfs(Request request, fuse_ino_t) {
  // There is no device behind; a program that looks for room before it writes must find some.
  struct statvfs numbers {};
  numbers.f_bsize = numbers.f_frsize = 4096;
  numbers.f_blocks = numbers.f_bfree = numbers.f_bavail = (std::uint64_t{1} << 40) / 4096;
  numbers.f_files = numbers.f_ffree = numbers.f_favail = std::uint64_t{1} << 32;
  numbers.f_namemax = kLongestName;
  request.statfs(numbers);
}

}  // namespace rfs
