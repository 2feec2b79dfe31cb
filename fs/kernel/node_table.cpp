#include "fs/kernel/node_table.h"

namespace rfs {
namespace {

// Long, because what a node stands for cannot change: only its name can come to mean another node.
constexpr double kForEver = 3600;
// Of a direct file: for the open that follows its LOOKUP, which would otherwise ask for the same attributes again to
// check their mode. Every other way to a name begins with a LOOKUP of its own, since names are not kept.
constexpr double kForTheOpen = 0.001;

bool reusable(const KernelNode& node, const Node& found) {
  if (found.kind == Node::Kind::kDirectory) return node.kind == KernelNode::Kind::kDirectory;
  if (node.kind != KernelNode::Kind::kFile) return false;
  if (found.kind == Node::Kind::kUnbound) return !node.bound();
  if (!node.bound()) return true;
  if (!node.stands_for(*found.file)) return false;
  // stat shows size and time of the version found last.
  return !node.direct() || (node.size() == found.file->size() && node.mtime() == found.file->mtime());
}

}  // namespace

std::uint64_t path_inode(std::string_view path) {
  if (path.empty()) return 1;
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, then murmur's finalizer: names differ in few bits
  for (unsigned char c : path) hash = (hash ^ c) * 0x100000001b3;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  return hash > 1 ? hash : hash + 2;
}

std::string_view parent_path(std::string_view path) {
  auto slash = path.rfind('/');
  return slash == path.npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view file_name(std::string_view path) {
  auto slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

std::string child_path(std::string_view parent, std::string_view name) {
  std::string path(parent);
  if (!path.empty()) path += '/';
  return path.append(name);
}

bool KernelNode::stands_for(const File& file) const {
  if (!bound()) return false;
  if (direct_ || file.direct()) return direct_ && file.direct();
  return version_ == file.version();
}

void KernelNode::bind(const FilePtr& file) {
  file_ = file;
  version_ = file->version();
  size_ = file->size();
  mtime_ = file->mtime();
  direct_ = file->direct();
  timeout = direct_ ? kForTheOpen : kForEver;
  bound_.store(true, std::memory_order_release);
}

NodeTable::NodeTable(mode_t root_mode) {
  auto root = std::make_shared<KernelNode>(kRoot, std::string(), KernelNode::Kind::kDirectory, root_mode);
  root->lookups_ = 1;  // never forgotten
  root->timeout = kForEver;
  auto state = state_.lock();
  state->present.emplace(root->path, root.get());
  state->nodes.emplace(kRoot, std::move(root));
}

KernelNodePtr NodeTable::find(std::uint64_t id) {
  auto state = state_.lock();
  auto found = state->nodes.find(id);
  return found == state->nodes.end() ? nullptr : found->second;
}

KernelNodePtr NodeTable::enter(const std::string& path, const Node& found) {
  auto state = state_.lock();
  KernelNodePtr node;
  if (auto present = state->present.find(path); present != state->present.end()) {
    if (reusable(*present->second, found)) node = state->nodes.at(present->second->id);
  }
  if (!node) {
    auto kind = found.kind == Node::Kind::kDirectory ? KernelNode::Kind::kDirectory : KernelNode::Kind::kFile;
    node = std::make_shared<KernelNode>(state->next_id++, path, kind, found.mode);
    supersede(*state, path);
    state->nodes.emplace(node->id, node);
    state->present.emplace(node->path, node.get());
  }
  node->mode = found.mode;
  if (found.kind == Node::Kind::kFile && !node->bound()) node->bind(found.file);
  if (found.kind == Node::Kind::kDirectory) node->timeout = found.timeout;
  if (node->id != kRoot) ++node->lookups_;
  return node;
}

KernelNodePtr NodeTable::draft(const std::string& path, mode_t mode) {
  return std::make_shared<KernelNode>(state_.lock()->next_id++, path, KernelNode::Kind::kDraft, mode);
}

void NodeTable::enter(const KernelNodePtr& node) {
  auto state = state_.lock();
  state->nodes.emplace(node->id, node);
  ++node->lookups_;
}

void NodeTable::forget(std::uint64_t id, std::uint64_t lookups) {
  if (id == kRoot) return;
  KernelNodePtr dropped;  // destroyed after the lock is released
  auto state = state_.lock();
  auto found = state->nodes.find(id);
  if (found == state->nodes.end()) return;
  KernelNode& node = *found->second;
  node.lookups_ -= std::min(lookups, node.lookups_);
  if (node.lookups_ > 0) return;
  if (auto present = state->present.find(node.path); present != state->present.end() && present->second == &node)
    state->present.erase(present);
  dropped = std::move(found->second);
  state->nodes.erase(found);
}

bool NodeTable::bind(const KernelNodePtr& node, const FilePtr& file) {
  auto state = state_.lock();
  if (node->kind != KernelNode::Kind::kFile) return false;
  if (!node->bound()) node->bind(file);
  return node->stands_for(*file);
}

void NodeTable::supersede(State& state, std::string_view path) {
  auto present = state.present.find(path);
  if (present != state.present.end() && present->second->id != kRoot) state.present.erase(present);
}

bool NodeTable::supersede(const KernelNodePtr& node) {
  auto state = state_.lock();
  auto present = state->present.find(node->path);
  if (present == state->present.end() || present->second != node.get()) return false;
  supersede(*state, node->path);
  return true;
}

void NodeTable::supersede(const std::string& path) { supersede(*state_.lock(), path); }

void NodeTable::set_writer(const KernelNodePtr& draft, const std::shared_ptr<WriteHandle>& writer) {
  auto state = state_.lock();
  draft->writer_ = writer;
  if (draft->kind == KernelNode::Kind::kDraft) state->drafts[draft->path] = draft;
}

void NodeTable::drop_writer(const KernelNodePtr& draft, const std::shared_ptr<WriteHandle>& writer) {
  auto state = state_.lock();
  if (draft->writer_.lock() != writer) return;
  draft->writer_.reset();
  auto found = state->drafts.find(draft->path);
  if (found != state->drafts.end() && found->second.lock() == draft) state->drafts.erase(found);
}

std::shared_ptr<WriteHandle> NodeTable::writer(const KernelNodePtr& node) {
  auto state = state_.lock();
  return node->writer_.lock();
}

KernelNodePtr NodeTable::draft_of(const std::string& path) {
  auto state = state_.lock();
  auto found = state->drafts.find(path);
  return found == state->drafts.end() ? nullptr : found->second.lock();
}

std::uint64_t NodeTable::id_of(const std::string& path) {
  auto state = state_.lock();
  auto found = state->present.find(path);
  return found == state->present.end() ? 0 : found->second->id;
}

std::size_t NodeTable::size() { return state_.lock()->nodes.size() - 1; }

}  // namespace rfs
