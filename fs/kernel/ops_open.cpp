// Opening and reading. Freshness is decided here, by the tree: when it answers another version than the node's, the
// kernel is told ESTALE and looks the name up again.
#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "fs/kernel/ops.h"

namespace rfs {
namespace {

constexpr Millis kSettle{50};

}  // namespace

void Ops::open(Request request, fuse_ino_t ino, fuse_file_info* info) {
  auto node = nodes_.find(ino);
  if (!node) return request.error(ESTALE);
  if (node->kind == KernelNode::Kind::kDirectory) return request.error(EISDIR);
  if ((info->flags & O_ACCMODE) != O_RDONLY || (info->flags & O_TRUNC) != 0)
    return open_for_writing(std::move(request), node, *info);
  // Whoever closed an empty file finds it: see WriteHandle::settle.
  if (node->direct() || node->kind == KernelNode::Kind::kDraft)
    if (auto draft = nodes_.draft_of(node->path))
      if (auto writer = nodes_.writer(draft)) writer->settle(kSettle);
  Caller caller = request.caller();
  FilePtr held = node->file();
  if (held && node->take_for_open(clock_.steady())) return opened(request, node, held, caller.pid, *info, held);
  defer_all<FilePtr>(
      std::move(request), [&](Reply<FilePtr> reply) { root_.open(node->path, caller, held, std::move(reply)); },
      [node, held, caller, info = *info](const std::shared_ptr<Ops>& ops, const std::shared_ptr<Ticket>& ticket,
                                         Result<FilePtr> result) {
        auto claim = ticket->claim();
        if (!claim) return;
        if (result) return ops->opened(claim->request(), node, held, caller.pid, info, *result);
        if (result.error().code == Code::kNotFound && node->bound()) ops->superseded(node);
        ops->refuse(claim->request(), result.error());
      });
}

void Ops::opened(Request& request, const KernelNodePtr& node, const FilePtr& held, pid_t thread, fuse_file_info info,
                 const FilePtr& file) {
  if (!file) return request.error(EIO);
  auto handle = std::make_unique<OpenHandle>();
  handle->node = node;
  handle->file = file;
  if (node->kind == KernelNode::Kind::kDraft) return answer_open(request, std::move(handle), info, true);
  auto taken = told_.take(thread, node->path);
  if (nodes_.bind(node, file)) return answer_open(request, std::move(handle), info, file->direct());
  if (taken.told) {  // it changed again; this reader gets what it came back with
    for (const FilePtr& old : {held, taken.file}) {
      if (!old || !node->stands_for(*old)) continue;
      handle->file = old;
      return answer_open(request, std::move(handle), info, old->direct());
    }
    return answer_open(request, std::move(handle), info, true);  // these bytes are not the node's: past its page cache
  }
  told_.tell(thread, node->path, nullptr);
  superseded(node);
  request.error(ESTALE);
}

void Ops::answer_open(Request& request, std::unique_ptr<OpenHandle> handle, fuse_file_info info, bool direct) {
  info.direct_io = direct;
  info.keep_cache = !direct;
  info.noflush = !handle->writer;  // a reader's close needs no message
  info.fh = handles_.add(std::move(handle));
  if (!request.open(info)) handles_.remove(info.fh);
}

void Ops::superseded(const KernelNodePtr& node) {
  counters_.add(Counter::kStaleNodes);
  nodes_.supersede(node);
  notifier_.forget_name(node->path);
}

void Ops::read(Request request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* info) {
  OpenHandle& handle = Handles::get(info->fh);
  if (handle.file && handle.file->secret()) {
    // From where it lies to the kernel: no copy.
    auto part = handle.file->reveal(static_cast<std::uint64_t>(offset), size);
    if (!part) return refuse(request, part.error());
    counters_.add(Counter::kBytesRead, part->size());
    request.bytes(*part);
    return;
  }
  const bool wipe = handle.writer && handle.writer->secret();
  defer<Bytes>(
      std::move(request),
      [&, writer = handle.writer, file = handle.file](Reply<Bytes> reply) {
        if (writer) return writer->read(static_cast<std::uint64_t>(offset), size, std::move(reply));
        file->read(static_cast<std::uint64_t>(offset), size, std::move(reply));
      },
      [file = handle.file, wipe](Ops& ops, Request& waiting, Bytes bytes) {
        ops.counters_.add(Counter::kBytesRead, bytes.size());
        waiting.bytes(bytes);
        if (wipe && !bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
      });
}

void Ops::release(Request request, fuse_ino_t, fuse_file_info* info) {
  auto handle = handles_.remove(info->fh);
  if (auto writer = handle->writer) {
    // Nobody waits for this answer: what went wrong is in errors.jsonl. Until it is there the draft stands for the
    // name.
    writer->close(Reply<FilePtr>([self = shared_from_this(), node = handle->node, writer](Result<FilePtr> result) {
      self->nodes_.drop_writer(node, writer);
      if (result && *result) self->published(node->path, {});
    }));
  }
  request.ok();
}

}  // namespace rfs
