// Extended attributes. Answers are never cached by the kernel, and `ls -l` asks for several of each file, so the names
// that no file here can have are refused before anybody is asked. ENOTSUP: tools then stop asking.
#include <cerrno>

#include "fs/kernel/ops.h"

namespace rfs {
namespace {

bool ours(std::string_view name) { return name.starts_with("user."); }

// size 0: the caller asks how much room it needs.
void answer(Request& request, std::string_view value, std::size_t size) {
  if (size == 0) return request.xattr_size(value.size());
  if (value.size() > size) return request.error(ERANGE);
  request.bytes(view(value));
}

}  // namespace

void Ops::getxattr(Request request, fuse_ino_t ino, const char* name, std::size_t size) {
  if (!ours(name)) return request.error(ENOTSUP);
  auto node = nodes_.find(ino);
  if (!node) return request.error(ESTALE);
  auto value = root_.xattr(node->path, name, request.caller());
  if (!value) return refuse(request, value.error());
  answer(request, *value, size);
}

void Ops::listxattr(Request request, fuse_ino_t ino, std::size_t size) {
  auto node = nodes_.find(ino);
  if (!node) return request.error(ESTALE);
  auto names = root_.xattr_names(node->path, request.caller());
  if (!names) return refuse(request, names.error());
  std::string list;
  for (const auto& name : *names) list.append(name).push_back('\0');
  answer(request, list, size);
}

void Ops::setxattr(Request request, fuse_ino_t ino, const char* name, const char* value, std::size_t size, int) {
  auto node = nodes_.find(ino);
  if (!node) return request.error(ESTALE);
  if (options_.read_only) return request.error(EROFS);
  if (!ours(name)) return request.error(ENOTSUP);
  auto set = root_.set_xattr(node->path, name, {value, size}, request.caller());
  if (!set) return refuse(request, set.error());
  request.ok();
}

void Ops::removexattr(Request request, fuse_ino_t ino, const char* name) {
  auto node = nodes_.find(ino);
  if (!node) return request.error(ESTALE);
  if (options_.read_only) return request.error(EROFS);
  if (!ours(name)) return request.error(ENOTSUP);
  auto value = root_.xattr(node->path, name, request.caller());
  if (!value) return refuse(request, value.error());
  request.error(EROFS);  // attributes are facts; none can be taken away
}

}  // namespace rfs
