// Snapshots in a directory, one file each: what is there is whole, whoever died while writing.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "backends/actions/snapshot_head.h"
#include "backends/actions/snapshot_place.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/handle.h"

namespace rfs {
namespace {

constexpr std::string_view kSuffix = ".zst", kDraft = ".draft";
constexpr std::size_t kTriedMost = 200;
constexpr double kDraftLife = 3600;  // seconds: who wrote it is gone

ByteSource source_of_file(std::shared_ptr<Fd> file) {
  return [file](MutableBytes out) -> Result<std::size_t> {
    while (true) {
      const ssize_t n = ::read(file->get(), out.data(), out.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno(errno, "the snapshot cannot be read");
      return static_cast<std::size_t>(n);
    }
  };
}

class DirectoryPlace final : public SnapshotPlace {
 public:
  explicit DirectoryPlace(std::string path) : path_(std::move(path)) {}

  std::string words() const override { return path_; }
  Result<std::optional<SnapshotName>> newest_own(bool sealed, const std::string& branch) override;
  Result<Fd> draft() override;
  Result<> publish(int draft, std::uint64_t size, const SnapshotName& name) override;
  std::uint64_t remove_older(const SnapshotName& than) override;
  Result<FoundSnapshot> find(const SnapshotWish& wish) override;

 private:
  struct Listed {
    std::string file;
    SnapshotName name;
  };
  // Newest first. A directory that is not there holds none.
  Result<std::vector<Listed>> list() const;
  void remove_dead_drafts() const;
  std::string join(std::string_view file) const { return fmt::format("{}/{}", path_, file); }

  const std::string path_;
  std::string draft_name_;  // "": the draft has no name
};

Result<std::vector<DirectoryPlace::Listed>> DirectoryPlace::list() const {
  std::vector<Listed> out;
  const Handle<DIR, closedir> directory(::opendir(path_.c_str()));
  if (!directory && errno == ENOENT) return out;
  if (!directory) return fail_errno(errno, path_);
  while (const dirent* entry = ::readdir(directory.get())) {
    std::string_view file = entry->d_name;
    if (!file.ends_with(kSuffix)) continue;
    auto name = parse_snapshot_name(file.substr(0, file.size() - kSuffix.size()));
    if (name) out.push_back({std::string(file), std::move(*name)});
  }
  std::sort(out.begin(), out.end(), [](const Listed& a, const Listed& b) {
    return a.name.created != b.name.created ? a.name.created > b.name.created : a.file > b.file;
  });
  return out;
}

Result<std::optional<SnapshotName>> DirectoryPlace::newest_own(bool sealed, const std::string& branch) {
  TRY_ASSIGN(const auto there, list());
  for (const Listed& one : there)
    if (one.name.sealed == sealed && one.name.branch == branch) return one.name;
  return std::nullopt;
}

void DirectoryPlace::remove_dead_drafts() const {
  const Handle<DIR, closedir> directory(::opendir(path_.c_str()));
  if (!directory) return;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view file = entry->d_name;
    if (!file.starts_with(".runnerfs-snapshot-") || !file.ends_with(kDraft)) continue;
    struct stat info {};
    if (::fstatat(::dirfd(directory.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (::difftime(::time(nullptr), info.st_mtime) > kDraftLife) ::unlinkat(::dirfd(directory.get()), entry->d_name, 0);
  }
}

Result<Fd> DirectoryPlace::draft() {
  TRY(make_directories(path_, 0700));
  remove_dead_drafts();
  Fd file(::open(path_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) return fail_errno(errno, path_);
  std::uint8_t random[8];
  randombytes_buf(random, sizeof random);
  draft_name_ = fmt::format(".runnerfs-snapshot-{}{}", hex(random), kDraft);
  Fd named(::open(join(draft_name_).c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!named) return fail_errno(errno, path_);
  return named;
}

Result<> DirectoryPlace::publish(int draft, std::uint64_t, const SnapshotName& name) {
  if (::fsync(draft) != 0) return fail_errno(errno, path_);
  const std::string to = join(snapshot_name(name) + std::string(kSuffix));
  if (draft_name_.empty()) {
    const std::string from = fmt::format("/proc/self/fd/{}", draft);
    if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) != 0) return fail_errno(errno, to);
  } else if (::link(join(draft_name_).c_str(), to.c_str()) != 0) {
    return fail_errno(errno, to);
  } else {
    ::unlink(join(draft_name_).c_str());
  }
  const Fd directory(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) (void)::fsync(directory.get());
  return {};
}

std::uint64_t DirectoryPlace::remove_older(const SnapshotName& than) {
  const auto there = list();
  std::uint64_t removed = 0;
  if (!there) return 0;
  for (const Listed& one : *there) {
    const bool older = one.name.created <= than.created && one.name.random != than.random;
    if (one.name.sealed == than.sealed && one.name.branch == than.branch && older)
      removed += ::unlink(join(one.file).c_str()) == 0 ? 1 : 0;
  }
  return removed;
}

Result<FoundSnapshot> DirectoryPlace::find(const SnapshotWish& wish) {
  TRY_ASSIGN(const auto there, list());
  std::optional<Error> why;
  std::size_t tried = 0;
  for (const Listed& one : there) {
    if (++tried > kTriedMost) break;
    if (one.name.sealed && !wish.sealed_too) {
      if (!why) why = Error{Code::kNoKey, "the snapshot is sealed, and there is no fleet secret",
                   "set CACHE_P2P_SHARED_SECRET to the secret that it was saved under", -1};
      continue;
    }
    auto file = std::make_shared<Fd>(::open(join(one.file).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info {};
    if (!*file || ::fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    auto frame = FrameReader(source_of_file(file)).next();
    const auto head = frame && *frame ? decode_head((*frame)->payload)
                                      : Result<SnapshotHead>(fail(Code::kInvalid, "it is no snapshot of runnerfs"));
    if (!head) {
      why = head.error();
      why->message = one.file + ": " + why->message;
      continue;
    }
    if (head->repository != wish.repository && (wish.other_name.empty() || head->repository != wish.other_name)) {
      if (!why) why = Error{Code::kNotFound, "what is there belongs to another repository", "", -1};
      continue;
    }
    if (::lseek(file->get(), 0, SEEK_SET) != 0) return fail_errno(errno, one.file);
    return FoundSnapshot{snapshot_name(one.name), source_of_file(file), static_cast<std::uint64_t>(info.st_size)};
  }
  if (why) return fail(std::move(*why));
  return fail(Code::kNotFound, "no snapshot is there yet");
}

}  // namespace

std::unique_ptr<SnapshotPlace> directory_place(std::string path) {
  return std::make_unique<DirectoryPlace>(std::move(path));
}

}  // namespace rfs
