// Changing attributes. Only the size is really settable; who may do what belongs to the tree.
#include <sys/stat.h>

#include <cerrno>

#include "fs/kernel/ops.h"

namespace rfs {

void Ops::setattr(Request request, fuse_ino_t ino, struct stat* wanted, int which, fuse_file_info* info) {
  auto node = nodes_.find(ino);
  if (!node) return request.error(ESTALE);
  if (options_.read_only) return request.error(EROFS);
  Caller caller = request.caller();

  if ((which & FUSE_SET_ATTR_SIZE) == 0) {
    if (!takes_writes(node->path, caller)) return request.error(EROFS);
    bool owner_changes = ((which & FUSE_SET_ATTR_UID) && wanted->st_uid != options_.uid) ||
                         ((which & FUSE_SET_ATTR_GID) && wanted->st_gid != options_.gid);
    if (owner_changes) return request.error(EPERM);
    // Times and modes are the tree's own. `touch`, `cp -p`, `install -m` and editors set them in passing and fail when
    // refused, so it is accepted, and the answer says what the attributes really are.
    return answer_attr(request, node);
  }

  auto writer = info && info->fh ? Handles::get(info->fh).writer : nodes_.writer(node);
  auto size = static_cast<std::uint64_t>(wanted->st_size);
  if (writer) {
    return defer<std::uint64_t>(
        std::move(request), [&](Reply<std::uint64_t> reply) { writer->truncate(size, std::move(reply)); },
        [node](Ops& ops, Request& waiting, std::uint64_t now) {
          waiting.attr(ops.attributes(*node, now, node->mtime()), 0);
        });
  }
  // truncate(2) by name: a write of its own.
  auto opened = root_.write(node->path, caller, false, size == 0, false);
  if (!opened) return refuse(request, opened.error());
  auto alone = std::make_shared<WriteHandle>(std::move(*opened), false);
  defer<FilePtr>(
      std::move(request),
      [&](Reply<FilePtr> reply) {
        Reply<FilePtr> stored(
            [self = shared_from_this(), node, reply = std::move(reply).share()](Result<FilePtr> file) {
              if (file && *file) return self->published(node->path, [reply, file] { (*reply)(file); });
              (*reply)(std::move(file));
            });
        auto flush = [alone, stored = std::move(stored).share()](Result<std::uint64_t> truncated) {
          if (!truncated) return (*stored)(fail(std::move(truncated.error())));
          alone->flush(std::move(*stored));
        };
        alone->truncate(size, Reply<std::uint64_t>(std::move(flush)));
      },
      [node, size](Ops& ops, Request& waiting, const FilePtr&) {
        waiting.attr(ops.attributes(*node, size, node->mtime()), 0);
      });
}

bool Ops::takes_writes(const std::string& path, const Caller& caller) {
  // A writer that is not committed leaves nothing behind. `truncate`: it need not read the present content.
  auto writer = root_.write(path, caller, true, true, false);
  return writer || (writer.error().code != Code::kReadOnly && writer.error().code != Code::kDenied);
}

void Ops::refuse_change(Request& request, fuse_ino_t parent, const char* name, int otherwise) {
  auto directory = nodes_.find(parent);
  if (!directory) return request.error(ESTALE);
  bool possible = !options_.read_only && takes_writes(child_path(directory->path, name), request.caller());
  request.error(possible ? otherwise : EROFS);
}

}  // namespace rfs
