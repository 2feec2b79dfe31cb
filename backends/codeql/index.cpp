#include "backends/codeql/index.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <thread>
#include <unordered_map>

#include "base/fd.h"

namespace rfs::codeql {
namespace {

constexpr std::size_t kMostIndex = 1u << 30;
constexpr std::size_t kFixed = 62;  // bytes of an entry before its name, with SHA-1
constexpr std::size_t kId = 20;
constexpr std::size_t kLongestPath = 4096;
constexpr std::uint32_t kFile = 0100644, kExecutable = 0100755, kSymlink = 0120000;
constexpr std::string_view kEmptyBlob = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
constexpr unsigned kMostThreads = 8;

std::uint32_t number(std::string_view bytes, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

// Whether the bytes are what the hexadecimal text says.
bool same_id(std::string_view bytes, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (text.size() != 2 * bytes.size()) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (text[2 * i] != kDigits[byte >> 4] || text[2 * i + 1] != kDigits[byte & 15]) return false;
  }
  return true;
}

bool same(const IndexedFiles::Entry& entry, const struct stat& info) {
  const auto kind = info.st_mode & S_IFMT;
  const bool mode = entry.mode == kSymlink ? kind == S_IFLNK
                                           : kind == S_IFREG && ((info.st_mode & S_IXUSR) != 0) == (entry.mode == kExecutable);
  return mode && entry.mtime_s == static_cast<std::uint32_t>(info.st_mtim.tv_sec) &&
         entry.mtime_ns == static_cast<std::uint32_t>(info.st_mtim.tv_nsec) &&
         entry.ctime_s == static_cast<std::uint32_t>(info.st_ctim.tv_sec) &&
         entry.ctime_ns == static_cast<std::uint32_t>(info.st_ctim.tv_nsec) &&
         entry.ino == static_cast<std::uint32_t>(info.st_ino) && entry.uid == info.st_uid && entry.gid == info.st_gid &&
         entry.size == static_cast<std::uint32_t>(info.st_size);
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

}  // namespace

bool IndexedFiles::parse(std::string_view index, std::vector<Entry>& out) {
  if (index.size() < 12 + kId || !index.starts_with("DIRC")) return false;
  const std::uint32_t version = number(index, 4), count = number(index, 8);
  if (version != 2 && version != 3) return false;
  const std::size_t end = index.size() - kId;  // of what the checksum is over
  std::size_t at = 12;
  out.reserve(std::min<std::size_t>(count, end / kFixed));
  for (std::uint32_t i = 0; i < count; ++i) {
    if (at + kFixed > end) return false;
    const std::size_t begin = at;
    const auto word = [&](std::size_t n) { return number(index, begin + 4 * n); };
    // Words 4 and 6 are the device, which changes with every mount, and the mode.
    Entry entry{word(0), word(1), word(2), word(3), word(5), word(6), word(7), word(8), word(9), index.substr(begin + 40, kId), {}};
    const unsigned flags = static_cast<unsigned char>(index[begin + 60]) << 8 | static_cast<unsigned char>(index[begin + 61]);
    // assume-unchanged, extended (skip-worktree, intent-to-add), stage.
    if ((flags & 0xf000) != 0) return false;
    if (entry.mode != kFile && entry.mode != kExecutable && entry.mode != kSymlink) return false;
    const std::size_t zero = index.find('\0', begin + kFixed);
    if (zero == std::string_view::npos || zero >= end) return false;
    entry.path = index.substr(begin + kFixed, zero - begin - kFixed);
    if (entry.path.empty() || entry.path.size() > kLongestPath) return false;
    at = begin + ((zero - begin + 8) & ~std::size_t{7});
    out.push_back(entry);
  }
  while (at < end) {
    if (at + 8 > end) return false;
    // A name that begins with a small letter is of something that a reader must understand.
    if (index[at] < 'A' || index[at] > 'Z') return false;
    at += 8 + std::size_t{number(index, at + 4)};
  }
  return at == end;
}

bool IndexedFiles::read(const std::string& file) {
  const Fd open(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!open || ::fstat(open.get(), &info) != 0 || !S_ISREG(info.st_mode) || static_cast<std::size_t>(info.st_size) > kMostIndex)
    return false;
  written_ = {info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  content_.resize(static_cast<std::size_t>(info.st_size));
  for (std::size_t at = 0; at < content_.size();) {
    const ssize_t n = ::read(open.get(), content_.data() + at, content_.size() - at);
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return parse(content_, entries_);
}

void IndexedFiles::sort_into_directories() {
  std::unordered_map<std::string_view, std::size_t> known;  // views of entries' paths, which stay
  directories_.push_back({});
  known.emplace("", 0);
  const auto directory = [&](auto& self, std::string_view path) -> std::size_t {
    if (const auto found = known.find(path); found != known.end()) return found->second;
    const std::size_t above = self(self, folder_of(path));
    ++directories_[above].names;
    directories_.push_back({std::string(path), 0, {}});
    return known[path] = directories_.size() - 1;
  };
  std::size_t last = 0;
  for (const Entry& entry : entries_) {
    const std::string_view folder = folder_of(entry.path);
    if (directories_[last].path != folder) last = directory(directory, folder);
    ++directories_[last].names;
    directories_[last].files.push_back(&entry);
  }
}

bool IndexedFiles::is_as_written(const Directory& directory) const {
  const std::string path = directory.path.empty() ? root_ : root_ + "/" + directory.path;
  // Every directory above is looked at by itself, so that none of them can be a symlink either.
  Fd open(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!open) return false;
  for (const Entry* entry : directory.files) {
    struct stat info {};
    const char* name = entry->path.data() + (directory.path.empty() ? 0 : directory.path.size() + 1);
    if (::fstatat(open.get(), name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !same(*entry, info)) return false;
    // One that was written as late as the index may have been changed after it within the same tick of the clock.
    if (info.st_mtim.tv_sec > written_.seconds || (info.st_mtim.tv_sec == written_.seconds && info.st_mtim.tv_nsec >= written_.nanoseconds))
      return false;
    // Git itself writes size 0 for a file that it does not trust.
    if (entry->size == 0 && !same_id(entry->id, kEmptyBlob)) return false;
  }
  const std::unique_ptr<DIR, CloseDirectory> list(::fdopendir(open.get()));
  if (!list) return false;
  (void)open.release();
  // All that should be there is; one more than that is something else.
  std::size_t names = 0;
  while (const dirent* one = ::readdir(list.get())) {
    const std::string_view name = one->d_name;
    if (name != "." && name != ".." && !(directory.path.empty() && name == ".git")) ++names;
  }
  return names == directory.names;
}

bool IndexedFiles::look_at_all(std::size_t first, std::size_t step) const {
  for (std::size_t i = first; i < directories_.size(); i += step)
    if (!is_as_written(directories_[i])) return false;
  return true;
}

std::unique_ptr<IndexedFiles> IndexedFiles::begin(const Git& git) {
  std::unique_ptr<IndexedFiles> out(new IndexedFiles);
  out->root_ = git.work_tree();
  out->known_ = !out->root_.empty() && git.object_format() == "sha1" && out->read(git.directory() + "/index");
  if (!out->known_) return out;
  out->sort_into_directories();
  const std::size_t threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  for (std::size_t i = 0; i < threads; ++i)
    out->looks_.push_back(std::async(std::launch::async, [&files = *out, i, threads] { return files.look_at_all(i, threads); }));
  return out;
}

IndexedFiles::~IndexedFiles() {
  for (auto& look : looks_) look.wait();
}

void IndexedFiles::expect(const TreeEntry& entry) {
  if (!known_) return;
  known_ = expected_ < entries_.size();
  if (!known_) return;
  const Entry& mine = entries_[expected_++];
  const std::string_view mode = mine.mode == kFile ? "100644" : mine.mode == kExecutable ? "100755" : "120000";
  known_ = mine.path == entry.path && mode == entry.mode && same_id(mine.id, entry.id);
}

bool IndexedFiles::all_as_committed() {
  bool all = known_ && expected_ == entries_.size();
  for (auto& look : looks_) all = look.get() && all;
  looks_.clear();
  return all;
}

}  // namespace rfs::codeql
