// Directories: listing, and changing names.
#include <cerrno>

#include "fs/kernel/ops.h"

namespace rfs {

void Ops::opendir(Request request, fuse_ino_t ino, fuse_file_info* info) {
  auto node = nodes_.find(ino);
  if (!node) return request.error(ESTALE);
  auto entries = root_.list(node->path, request.caller());
  if (!entries) return refuse(request, entries.error());
  auto handle = std::make_unique<OpenHandle>();
  handle->node = node;
  handle->directory = std::make_unique<DirStream>(std::move(*entries));
  fuse_file_info answer = *info;
  answer.fh = handles_.add(std::move(handle));
  if (!request.open(answer)) handles_.remove(answer.fh);
}

void Ops::releasedir(Request request, fuse_ino_t, fuse_file_info* info) {
  handles_.remove(info->fh);
  request.ok();
}

void Ops::fsyncdir(Request request, fuse_ino_t, int, fuse_file_info*) { request.ok(); }  // names are stored with files

// add(name, path, directory, next offset, where, room) → bytes that the entry takes; more than room: it was not added.
// False: the kernel did not take the answer.
template <class Add>
bool Ops::list(Request& request, const OpenHandle& handle, std::size_t size, off_t offset, Add add) {
  const std::string& here = handle.node->path;
  auto entries = handle.directory->at(offset, [&] { return root_.list(here, request.caller()); });
  if (!entries) {
    refuse(request, entries.error());
    return false;
  }
  std::vector<char> buffer(size);
  std::size_t used = 0;
  auto fits = [&](const std::string& name, const std::string& path, bool directory) {
    std::size_t taken = add(name, path, directory, ++offset, buffer.data() + used, size - used);
    if (taken > size - used) return false;
    used += taken;
    return true;
  };
  auto at = static_cast<std::size_t>(offset);
  bool more = true;
  if (at == 0) more = fits(".", here, true);
  if (at <= 1 && more) more = fits("..", std::string(parent_path(here)), true);
  for (std::size_t i = at < 2 ? 0 : at - 2; more && i < (*entries)->size(); ++i) {
    const Listing& entry = (**entries)[i];
    more = fits(entry.name, child_path(here, entry.name), entry.directory);
  }
  return request.bytes({reinterpret_cast<const std::uint8_t*>(buffer.data()), used});
}

void Ops::readdir(Request request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* info) {
  list(request, Handles::get(info->fh), size, offset,
       [req = request.raw()](const std::string& name, const std::string& path, bool directory, off_t next, char* where,
                             std::size_t room) {
         struct stat attributes {};
         attributes.st_ino = path_inode(path);
         attributes.st_mode = directory ? S_IFDIR : S_IFREG;
         return fuse_add_direntry(req, where, room, name.c_str(), &attributes, next);
       });
}

void Ops::readdirplus(Request request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* info) {
  std::vector<std::uint64_t> entered;
  auto add = [&, req = request.raw(), caller = request.caller()](const std::string& name, const std::string& path,
                                                                 bool directory, off_t next, char* where,
                                                                 std::size_t room) {
    fuse_entry_param plain{};  // id 0: a name and a type, no node
    plain.attr.st_ino = path_inode(path);
    plain.attr.st_mode = directory ? S_IFDIR : S_IFREG;
    std::size_t needed = fuse_add_direntry_plus(req, where, room, name.c_str(), &plain, next);
    if (needed > room || name == "." || name == "..") return needed;
    auto found = root_.lookup(path, caller);
    if (!found || (found->kind != Node::Kind::kFile && found->kind != Node::Kind::kDirectory)) return needed;
    auto full = entry(nodes_.enter(path, *found), found->timeout);
    entered.push_back(full.ino);
    return fuse_add_direntry_plus(req, where, room, name.c_str(), &full, next);
  };
  if (list(request, Handles::get(info->fh), size, offset, add)) return;
  for (std::uint64_t id : entered) nodes_.forget(id, 1);
}

void Ops::mkdir(Request request, fuse_ino_t parent, const char* name, mode_t) {
  auto directory = nodes_.find(parent);
  if (!directory) return request.error(ESTALE);
  if (options_.read_only) return request.error(EROFS);
  std::string path = child_path(directory->path, name);
  if (auto made = root_.make_directory(path, request.caller()); !made) return refuse(request, made.error());
  auto found = root_.lookup(path, request.caller());
  if (!found) return refuse(request, found.error());
  if (found->kind != Node::Kind::kDirectory) return request.error(EIO);
  answer_entry(request, nodes_.enter(path, *found), found->timeout);
}

void Ops::unlink(Request request, fuse_ino_t parent, const char* name) {
  auto directory = nodes_.find(parent);
  if (!directory) return request.error(ESTALE);
  if (options_.read_only) return request.error(EROFS);
  std::string path = child_path(directory->path, name);
  auto draft = nodes_.draft_of(path);
  auto removed = root_.remove(path, request.caller());
  if (!removed && !(draft && removed.error().code == Code::kNotFound)) return refuse(request, removed.error());
  if (draft) {  // what is being written under this name goes with it
    auto writer = nodes_.writer(draft);
    if (writer) writer->abandon();
    nodes_.drop_writer(draft, writer);
  }
  nodes_.supersede(path);  // who has it open keeps it
  request.ok();
}

// Directories exist by name alone: there is nothing to remove.
void Ops::rmdir(Request request, fuse_ino_t parent, const char* name) {
  auto directory = nodes_.find(parent);
  if (!directory) return request.error(ESTALE);
  if (options_.read_only) return request.error(EROFS);
  const std::string path = child_path(directory->path, name);
  auto removed = root_.remove_directory(path, request.caller());
  if (removed) return request.ok();
  if (removed.error().code == Code::kUnsupported) return refuse_change(request, parent, name, EPERM);
  refuse(request, removed.error());
}

// The name decides what a file is. EXDEV makes `mv` copy and remove, which is what a rename would have to do.
void Ops::rename(Request request, fuse_ino_t, const char*, fuse_ino_t to_parent, const char* to_name, unsigned) {
  refuse_change(request, to_parent, to_name, EXDEV);
}

void Ops::mknod(Request request, fuse_ino_t parent, const char* name, mode_t, dev_t) {
  refuse_change(request, parent, name, EPERM);
}
void Ops::symlink(Request request, const char*, fuse_ino_t parent, const char* name) {
  refuse_change(request, parent, name, EPERM);
}
void Ops::link(Request request, fuse_ino_t, fuse_ino_t to_parent, const char* to_name) {
  refuse_change(request, to_parent, to_name, EPERM);
}

}  // namespace rfs
