#include "backends/secrets/audit_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "backends/secrets/audit_lines.h"
#include "backends/secrets/audit_verify.h"
#include "base/handle.h"

namespace rfs {
namespace audit {
namespace {

constexpr std::string_view kName = "audit.log";
constexpr std::size_t kDigits = 20;

bool is_part(std::string_view name) {
  if (!name.starts_with(kName)) return false;
  name.remove_prefix(kName.size());
  return name.empty() ||
         (name.size() == kDigits + 1 && name[0] == '.' && name.find_first_not_of("0123456789", 1) == name.npos);
}

// Rotated ones by number, which is by name; audit.log is the last.
bool earlier(const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() > b.size() : a < b; }

Result<Fd> open_to_read(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return fail_errno(errno, "cannot open " + path);
  if (!S_ISREG(info.st_mode)) return fail(Code::kInvalid, path + " is not a plain file");
  return fd;
}

Result<std::vector<Part>> open_parts(const std::string& directory) {
  const Handle<DIR, closedir> opened(::opendir(directory.c_str()));
  if (!opened) return fail_errno(errno, "cannot open " + directory);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(opened.get()))
    if (is_part(entry->d_name)) names.emplace_back(entry->d_name);
  if (names.empty())
    return fail(Code::kNotFound, "there is no audit log in " + directory,
                "credentials make one when they are first used");
  std::sort(names.begin(), names.end(), earlier);
  std::vector<Part> parts;
  for (const std::string& name : names) {
    TRY_ASSIGN(Fd fd, open_to_read(directory + "/" + name));
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return fail_errno(errno, "cannot look at " + name);
    parts.push_back({name, std::move(fd), static_cast<std::uint64_t>(info.st_size)});
  }
  return parts;
}

}  // namespace

Result<Files> open_files(const std::string& directory) {
  Files files;
  auto fd = open_to_read(directory + "/audit.state");
  if (!fd && fd.error().code != Code::kNotFound) return fail(std::move(fd.error()));
  if (!fd) {
    TRY_ASSIGN(files.parts, open_parts(directory));
    return files;
  }
  TRY_ASSIGN(const auto lock, StateFile::take_lock(fd->get(), false));
  TRY_ASSIGN(files.parts, open_parts(directory));
  SecretBytes slots(2 * kSlot);
  const ssize_t n = ::pread(fd->get(), slots.reveal_mutable().data(), slots.size(), 0);
  if (n < 0) return fail_errno(errno, "cannot read audit.state");
  TRY_ASSIGN(files.state, decode_state(slots.reveal().first(static_cast<std::size_t>(n))));
  return files;
}

}  // namespace audit

Result<> read_audit(const std::string& directory, const std::function<Result<bool>(std::string_view)>& take) {
  TRY_ASSIGN(const audit::Files files, audit::open_files(directory));
  for (const audit::Part& part : files.parts) {
    audit::LineReader reader(part.fd.get(), 0, part.size);
    for (audit::LineReader::Piece piece;;) {
      TRY_ASSIGN(const bool more, reader.next(piece));
      if (!more) break;
      if (!piece.complete || !audit::parse_line(piece.text)) continue;
      TRY_ASSIGN(const bool go_on, take(piece.text));
      if (!go_on) return {};
    }
  }
  return {};
}

Result<std::vector<std::string>> tail_audit(const std::string& directory, std::size_t count) {
  TRY_ASSIGN(const audit::Files files, audit::open_files(directory));
  std::vector<std::string> out;
  for (auto part = files.parts.rbegin(); part != files.parts.rend() && out.size() < count; ++part) {
    // From the end, as far as so many lines can reach; the first of them may be cut.
    const std::uint64_t reach = std::uint64_t{count - out.size() + 1} * audit::kMostLine;
    audit::LineReader reader(part->fd.get(), part->size - std::min(part->size, reach), part->size);
    std::vector<std::string> lines;
    for (audit::LineReader::Piece piece;;) {
      TRY_ASSIGN(const bool more, reader.next(piece));
      if (!more) break;
      if (piece.complete && audit::parse_line(piece.text)) lines.emplace_back(piece.text);
    }
    const std::size_t wanted = std::min(count - out.size(), lines.size());
    out.insert(out.begin(), lines.end() - static_cast<std::ptrdiff_t>(wanted), lines.end());
  }
  return out;
}

Result<AuditAnchor> head_audit(const std::string& directory) {
  TRY_ASSIGN(const audit::Files files, audit::open_files(directory));
  if (!files.state)
    return fail(Code::kTampered, "there is an audit log in " + directory + ", but no audit.state",
                "put audit.state back");
  return AuditAnchor{files.state->seq, files.state->mac};
}

}  // namespace rfs
