#include "fs/tree/root.h"

namespace rfs {
namespace {

tl::unexpected<Error> no_namespace() { return fail(Code::kNotFound, "there is no such name at the root of the mount"); }
tl::unexpected<Error> fixed() { return fail(Code::kReadOnly, "the root of the mount cannot be changed"); }

}  // namespace

void Root::add(const std::string& name, Namespace& space) { spaces_[name] = &space; }

Root::Place Root::place(const std::string& path) const {
  auto slash = path.find('/');
  auto at = spaces_.find(path.substr(0, slash));
  if (at == spaces_.end()) return {nullptr, path};
  return {at->second, slash == std::string::npos ? std::string() : path.substr(slash + 1)};
}

Result<Node> Root::lookup(const std::string& path, const Caller& caller) {
  if (auto [space, rest] = place(path); space) return space->lookup(rest, caller);
  Node node;
  node.timeout = 3600;  // no name is added or removed while a front runs
  if (path.empty()) {
    node.kind = Node::Kind::kDirectory;
    node.mode = mode_;
  }
  return node;
}

Result<std::vector<Listing>> Root::list(const std::string& path, const Caller& caller) {
  if (auto [space, rest] = place(path); space) return space->list(rest, caller);
  if (!path.empty()) return no_namespace();
  std::vector<Listing> out;
  for (const auto& [name, space] : spaces_) out.push_back({name, true});
  return out;
}

void Root::bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) {
  if (auto [space, rest] = place(path); space) return space->bind(rest, caller, std::move(reply));
  if (path.empty()) return reply(fail(Code::kIsDirectory, "the root of the mount is a directory"));
  reply(no_namespace());
}

void Root::open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) {
  if (auto [space, rest] = place(path); space) return space->open(rest, caller, std::move(held), std::move(reply));
  if (path.empty()) return reply(fail(Code::kIsDirectory, "the root of the mount is a directory"));
  reply(no_namespace());
}

Result<std::unique_ptr<Writer>> Root::write(const std::string& path, const Caller& caller, bool create, bool truncate,
                                            bool exclusive) {
  if (auto [space, rest] = place(path); space) return space->write(rest, caller, create, truncate, exclusive);
  return fixed();
}

Result<> Root::write_all(std::span<const NewFile> files, const Caller& caller) {
  std::vector<NewFile> below;
  Namespace* only = nullptr;
  for (const NewFile& file : files) {
    auto [space, rest] = place(file.path);
    if (!space) return fixed();
    if (only && only != space) return Namespace::write_all(files, caller);
    only = space;
    below.push_back({std::move(rest), file.content, file.attributes});
  }
  return only ? only->write_all(below, caller) : Result<>();
}

Result<> Root::remove(const std::string& path, const Caller& caller) {
  if (auto [space, rest] = place(path); space && !rest.empty()) return space->remove(rest, caller);
  return fixed();
}

Result<> Root::remove_directory(const std::string& path, const Caller& caller) {
  if (auto [space, rest] = place(path); space && !rest.empty()) return space->remove_directory(rest, caller);
  return fail(Code::kUnsupported, "the directories at the root stay");
}

Result<> Root::make_directory(const std::string& path, const Caller& caller) {
  auto [space, rest] = place(path);
  if (path.empty() || (space && rest.empty())) return fail(Code::kExists, "the directory exists");
  if (space) return space->make_directory(rest, caller);
  return fixed();
}

Result<std::vector<std::string>> Root::xattr_names(const std::string& path, const Caller& caller) {
  if (auto [space, rest] = place(path); space) return space->xattr_names(rest, caller);
  return std::vector<std::string>{};
}

Result<std::string> Root::xattr(const std::string& path, const std::string& name, const Caller& caller) {
  if (auto [space, rest] = place(path); space) return space->xattr(rest, name, caller);
  return fail(Code::kNoAttribute, "no such attribute");
}

Result<> Root::set_xattr(const std::string& path, const std::string& name, std::string_view value,
                         const Caller& caller) {
  if (auto [space, rest] = place(path); space) return space->set_xattr(rest, name, value, caller);
  return fixed();
}

}  // namespace rfs
