#include "fs/socket_guard.h"

#include <utility>
#include <vector>

namespace rfs {
namespace {

// A file that is still being streamed (.jsonl) answers reads late, so they are guarded too.
class GuardedFile final : public File {
 public:
  GuardedFile(FilePtr file, std::shared_ptr<Guard> guard) : file_(std::move(file)), guard_(std::move(guard)) {}
  std::uint64_t size() const override { return file_->size(); }
  double mtime() const override { return file_->mtime(); }
  std::string version() const override { return file_->version(); }
  bool direct() const override { return file_->direct(); }
  void read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply) const override {
    file_->read(offset, length, guard_->wrap(std::move(reply)));
  }
  bool secret() const override { return file_->secret(); }
  Result<BytesView> reveal(std::uint64_t offset, std::size_t length) const override {
    return file_->reveal(offset, length);
  }
  const FilePtr& inner() const { return file_; }

 private:
  const FilePtr file_;
  const std::shared_ptr<Guard> guard_;
};

Reply<FilePtr> guarded(const std::shared_ptr<Guard>& guard, Reply<FilePtr> reply) {
  auto shared = std::move(reply).share();
  return guard->wrap(Reply<FilePtr>([guard, shared](Result<FilePtr> file) {
    if (file && *file) file = FilePtr(std::make_shared<GuardedFile>(std::move(*file), guard));
    (*shared)(std::move(file));
  }));
}

}  // namespace

std::uint64_t Guard::add(std::function<void()> give_up) {
  {
    auto state = state_.lock();
    if (!state->aborted) {
      state->waiting.emplace(state->next, std::move(give_up));
      return state->next++;
    }
  }
  give_up();
  return 0;
}

bool Guard::take(std::uint64_t id) { return state_.lock()->waiting.erase(id) == 1; }

void Guard::abort() {
  std::unordered_map<std::uint64_t, std::function<void()>> waiting;
  {
    auto state = state_.lock();
    state->aborted = true;
    waiting.swap(state->waiting);
  }
  for (auto& [id, give_up] : waiting) give_up();
}

void GuardedTree::bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) {
  root_.bind(path, caller, guarded(guard_, std::move(reply)));
}

void GuardedTree::open(const std::string& path, const Caller& caller, FilePtr held, Reply<FilePtr> reply) {
  // The namespace below knows its own files, not ours around them.
  if (auto ours = std::dynamic_pointer_cast<const GuardedFile>(held)) held = ours->inner();
  root_.open(path, caller, std::move(held), guarded(guard_, std::move(reply)));
}

}  // namespace rfs
