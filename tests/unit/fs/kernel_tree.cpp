#include "kernel_tree.h"

#include <optional>

namespace rfs::testing {
namespace {

bool is_directory(const std::string& path) {
  return path.empty() || path == "ro" || path == "rw" || path.ends_with("dir");
}
bool writable(const std::string& path) { return path.starts_with("rw/"); }

class FakeWriter final : public Writer {
 public:
  FakeWriter(KernelTree& tree, std::string path, std::string content)
      : tree_(tree), path_(std::move(path)), content_(std::move(content)) {}
  Result<> write(std::uint64_t offset, BytesView bytes) override {
    if (content_.size() < offset + bytes.size()) content_.resize(offset + bytes.size());
    content_.replace(offset, bytes.size(), text(bytes));
    return {};
  }
  Result<> truncate(std::uint64_t size) override {
    content_.resize(size);
    return {};
  }
  std::uint64_t size() const override { return content_.size(); }
  Result<Bytes> read(std::uint64_t offset, std::size_t length) const override {
    if (offset >= content_.size()) return Bytes();
    auto part = content_.substr(offset, length);
    return Bytes(part.begin(), part.end());
  }
  void commit(bool, Reply<FilePtr> reply) override { tree_.commit(path_, content_, std::move(reply)); }

 private:
  KernelTree& tree_;
  const std::string path_;
  std::string content_;
};

std::string whole(const File& file) {
  std::string content;
  file.read(0, 1u << 30, Reply<Bytes>([&](Result<Bytes> bytes) { content = text(*bytes); }));
  return content;
}

}  // namespace

void KernelTree::put(const std::string& path, const std::string& content) {
  auto file = text_file(content, 1'700'000'000, false);
  state_.lock()->files[path] = {file, file};
}
void KernelTree::offer(const std::string& path, const std::string& content) {
  state_.lock()->files[path].offered = text_file(content, 1'700'000'000, false);
}
void KernelTree::withdraw(const std::string& path) { state_.lock()->files[path].offered = nullptr; }
void KernelTree::put_direct(const std::string& path, const std::string& content) {
  auto file = text_file(content, 1'700'000'000, true);
  state_.lock()->files[path] = {file, file};
}
void KernelTree::hold(const std::string& path) { state_.lock()->slow.insert(path); }
void KernelTree::hold_commits(bool on) { state_.lock()->slow_commits = on; }
void KernelTree::fail_next(const std::string& path, Code code) { state_.lock()->failures[path] = code; }

void KernelTree::release() {
  std::vector<std::function<void()>> waiting;
  {
    auto state = state_.lock();
    state->slow.clear();
    state->slow_commits = false;
    waiting.swap(state->waiting);
  }
  for (auto& answer : waiting) answer();
}

bool KernelTree::wait_held(std::size_t n) {
  auto state = state_.lock();
  return changed_.wait_for(state.lock(), std::chrono::seconds(10), [&] { return state->waiting.size() >= n; });
}

int KernelTree::count(const std::string& what) { return state_.lock()->counts[what]; }

std::string KernelTree::content(const std::string& path) {
  auto file = state_.lock()->files[path].held;
  return file ? whole(*file) : "(absent)";
}

Result<Node> KernelTree::lookup(const std::string& path, const Caller&) {
  auto state = state_.lock();
  ++state->counts["lookup " + path];
  if (path.size() > 200) return fail(Code::kNameTooLong, "too long");
  if (is_directory(path)) return Node{Node::Kind::kDirectory, nullptr, 0755, 3600};
  auto found = state->files.find(path);
  mode_t mode = writable(path) ? 0644 : 0444;
  if (found == state->files.end() || (!found->second.held && !found->second.offered)) return Node{Node::Kind::kAbsent, nullptr, 0, 0};
  if (!found->second.held) return Node{Node::Kind::kUnbound, nullptr, mode, 0};
  return Node{Node::Kind::kFile, found->second.held, mode, found->second.held->direct() ? 0.0 : 3600.0};
}

Result<std::vector<Listing>> KernelTree::list(const std::string& path, const Caller&) {
  auto state = state_.lock();
  ++state->counts["list " + path];
  std::vector<Listing> names;
  if (path.empty()) names = {{"ro", true}, {"rw", true}};
  for (const auto& [name, entry] : state->files)
    if (entry.held && name.substr(0, name.rfind('/')) == path) names.push_back({name.substr(name.rfind('/') + 1), false});
  return names;
}

void KernelTree::fetch(const std::string& path, Reply<FilePtr> reply) {
  auto answer = [this, path, reply = std::move(reply).share()] {
    FilePtr file;
    std::optional<Code> failed;
    {
      auto state = state_.lock();
      if (auto failure = state->failures.extract(path)) {
        failed = failure.mapped();
      } else {
        auto& entry = state->files[path];
        file = entry.held = entry.offered;
      }
    }
    if (failed) return (*reply)(fail(*failed, "as the test wants it"));
    if (!file) return (*reply)(fail(Code::kNotFound, "not there"));
    (*reply)(file);
  };
  {
    auto state = state_.lock();
    if (state->slow.contains(path)) {
      state->waiting.push_back(answer);
      changed_.notify_all();
      return;
    }
  }
  answer();
}

void KernelTree::bind(const std::string& path, const Caller&, Reply<FilePtr> reply) {
  {
    auto state = state_.lock();
    ++state->counts["binds"];
    ++state->counts["bind " + path];
  }
  fetch(path, std::move(reply));
}

void KernelTree::open(const std::string& path, const Caller&, FilePtr, Reply<FilePtr> reply) {
  {
    auto state = state_.lock();
    ++state->counts["opens"];
    ++state->counts["open " + path];
  }
  fetch(path, std::move(reply));
}

Result<std::unique_ptr<Writer>> KernelTree::write(const std::string& path, const Caller&, bool create, bool truncate,
                                                  bool exclusive) {
  if (!writable(path)) return fail(Code::kReadOnly, "read-only");
  FilePtr held = state_.lock()->files[path].held;
  if (!held && !create) return fail(Code::kNotFound, "not there");
  if (held && exclusive) return fail(Code::kExists, "there already");
  return std::make_unique<FakeWriter>(*this, path, held && !truncate ? whole(*held) : std::string());
}

void KernelTree::commit(const std::string& path, const std::string& content, Reply<FilePtr> reply) {
  auto store = [this, path, content, reply = std::move(reply).share()] {
    ++state_.lock()->counts["commits"];
    if (content.empty() || content.starts_with("bad")) return (*reply)(fail(Code::kInvalid, "bad content"));
    put(path, content);
    FilePtr stored = state_.lock()->files[path].held;
    (*reply)(stored);
  };
  {
    auto state = state_.lock();
    if (state->slow_commits) {
      state->waiting.push_back(store);
      changed_.notify_all();
      return;
    }
  }
  store();
}

Result<> KernelTree::remove(const std::string& path, const Caller&) {
  if (!writable(path)) return fail(Code::kReadOnly, "read-only");
  auto state = state_.lock();
  auto found = state->files.find(path);
  if (found == state->files.end() || !found->second.held) return fail(Code::kNotFound, "not there");
  state->files.erase(found);
  return {};
}

Result<std::vector<std::string>> KernelTree::xattr_names(const std::string&, const Caller&) {
  std::vector<std::string> names;
  for (const auto& [name, value] : state_.lock()->attributes) names.push_back(name);
  return names;
}

Result<std::string> KernelTree::xattr(const std::string&, const std::string& name, const Caller&) {
  auto state = state_.lock();
  ++state->counts["xattrs"];
  auto found = state->attributes.find(name);
  if (found == state->attributes.end()) return fail(Code::kNoAttribute, "no such attribute");
  return found->second;
}

Result<> KernelTree::set_xattr(const std::string& path, const std::string& name, std::string_view value, const Caller&) {
  if (!writable(path)) return fail(Code::kReadOnly, "read-only");
  state_.lock()->attributes[name] = value;
  return {};
}

}  // namespace rfs::testing
