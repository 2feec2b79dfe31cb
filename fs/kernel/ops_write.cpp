// Writing. A writer fills a draft: a node of its own, that no reader shares, without page cache (direct_io), so that
// readers of the present version keep it whole. Its commit makes a version, which the next LOOKUP finds.
#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "fs/kernel/ops.h"

namespace rfs {

void Ops::create(Request request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* info) {
  auto directory = nodes_.find(parent);
  if (!directory) return request.error(ESTALE);
  std::string path = child_path(directory->path, name);
  if (options_.read_only) return request.error(EROFS);
  auto writer = root_.write(path, request.caller(), true, (info->flags & O_TRUNC) != 0, (info->flags & O_EXCL) != 0);
  if (!writer) return refuse(request, writer.error());
  auto handle = std::make_unique<OpenHandle>();
  handle->writer = std::make_shared<WriteHandle>(std::move(*writer), true);
  handle->node = nodes_.draft(path, handle->writer->secret() ? 0600 : mode & 0777);
  auto node = handle->node;
  nodes_.enter(node);
  nodes_.set_writer(node, handle->writer);
  fuse_file_info answer = *info;
  answer.direct_io = 1;
  answer.fh = handles_.add(std::move(handle));
  // Timeouts of 0: the name means the committed version as soon as there is one.
  if (request.create(entry(node, 0), answer)) return;
  nodes_.drop_writer(node, handles_.remove(answer.fh)->writer);  // killed while creating: nothing was committed
  nodes_.forget(node->id, 1);
}

void Ops::open_for_writing(Request request, const KernelNodePtr& node, fuse_file_info info) {
  Caller caller = request.caller();
  if (!allowed(request, Access::kChange)) return request.error(EACCES);
  if (options_.read_only) return request.error(EROFS);
  bool truncate = (info.flags & O_TRUNC) != 0;
  // What somebody else is creating is there, though it has no content yet.
  const bool being_created = node->kind == KernelNode::Kind::kDraft && nodes_.writer(node) != nullptr;
  auto writer = root_.write(node->path, caller, being_created, truncate, false);
  if (!writer) {
    if (writer.error().code != Code::kNotFound) return refuse(request, writer.error());
    // It expired or was removed since the kernel looked, or nothing became of the draft. The kernel looks again, and
    // creates it where O_CREAT says so.
    nodes_.supersede(node);
    return request.error(ESTALE);
  }
  // The kernel comes back with the draft; or, where it doesn't look up a name (/proc/self/fd/N), with this node again.
  bool told = told_.take(caller.pid, node->path).told;
  if (node->kind != KernelNode::Kind::kDraft && !told) {
    told_.tell(caller.pid, node->path, nodes_.draft(node->path, node->mode));
    return request.error(ESTALE);
  }
  auto handle = std::make_unique<OpenHandle>();
  handle->node = node;
  handle->writer = std::make_shared<WriteHandle>(std::move(*writer), truncate);
  nodes_.set_writer(node, handle->writer);
  answer_open(request, std::move(handle), info, true);
}

void Ops::write(Request request, fuse_ino_t, const char* bytes, std::size_t size, off_t offset, fuse_file_info* info) {
  auto writer = Handles::get(info->fh).writer;
  if (!writer) return request.error(EBADF);
  bool append = (info->flags & O_APPEND) != 0;
  defer<std::size_t>(
      std::move(request),
      [&](Reply<std::size_t> reply) {
        writer->write(static_cast<std::uint64_t>(offset), append, view({bytes, size}), std::move(reply));
      },
      [](Ops&, Request& waiting, std::size_t written) { waiting.written(written); });
  // The bytes lie in libfuse's own buffer, which this thread fills again whenever the next request comes.
  if (writer->secret()) ::explicit_bzero(const_cast<char*>(bytes), size);
}

void Ops::commit(Request request, const std::shared_ptr<WriteHandle>& writer, const std::string& path, bool sync) {
  defer_all<FilePtr>(
      std::move(request),
      [&](Reply<FilePtr> reply) { sync ? writer->sync(std::move(reply)) : writer->flush(std::move(reply)); },
      [path](const std::shared_ptr<Ops>& ops, const std::shared_ptr<Ticket>& ticket, Result<FilePtr> result) {
        auto answer = [ops, ticket](const Result<FilePtr>& outcome) {
          auto claim = ticket->claim();
          if (!claim) return;
          if (outcome) return claim->request().ok();
          ops->refuse(claim->request(), outcome.error());
        };
        if (!result || !*result) return answer(result);
        // Also when nobody waits for it any more: it is stored.
        ops->published(path, [answer, result] { answer(result); });
      });
}

void Ops::published(const std::string& path, std::function<void()> then) {
  nodes_.supersede(path);
  notifier_.forget_name(path, std::move(then));
}

void Ops::flush(Request request, fuse_ino_t, fuse_file_info* info) {
  const OpenHandle& handle = Handles::get(info->fh);
  if (!handle.writer) return request.ok();
  commit(std::move(request), handle.writer, handle.node->path, false);
}

void Ops::fsync(Request request, fuse_ino_t, int, fuse_file_info* info) {
  const OpenHandle& handle = Handles::get(info->fh);
  if (!handle.writer) return request.ok();
  commit(std::move(request), handle.writer, handle.node->path, true);
}

}  // namespace rfs
