#include "fs/kernel/mountinfo.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/file.h"
#include "fs/kernel/patience.h"

namespace rfs {
namespace {

// "\040" → " ": the kernel writes space, tab, newline and backslash as three octal digits.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int value = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 4, value, 8).ptr == text.data() + i + 4) {
      out += static_cast<char>(value);
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> found;
  while (!line.empty()) {
    std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) found.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return found;
}

Result<std::string> real_path(const std::string& path) {
  char buffer[PATH_MAX];
  if (!::realpath(path.c_str(), buffer)) return fail_errno(errno, "cannot resolve " + path);
  return std::string(buffer);
}

}  // namespace

std::optional<uid_t> Mount::owner() const {
  constexpr std::string_view kName = "user_id=";
  std::size_t at = options.find(kName);
  if (at == options.npos) return std::nullopt;
  uid_t uid = 0;
  const char* begin = options.data() + at + kName.size();
  if (std::from_chars(begin, options.data() + options.size(), uid).ptr == begin) return std::nullopt;
  return uid;
}

std::vector<Mount> parse_mountinfo(std::string_view text) {
  std::vector<Mount> found;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    auto fields = words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    // 36 35 98:0 /root /point options [optional fields…] - type source super-options
    std::size_t dash = 6;
    while (dash < fields.size() && fields[dash] != "-") ++dash;
    if (dash + 3 >= fields.size()) continue;
    found.push_back({unescape(fields[4]), unescape(fields[dash + 1]), unescape(fields[dash + 2]),
                     std::string(fields[2]), std::string(fields[dash + 3])});
  }
  return found;
}

Result<std::vector<Mount>> mounts() {
  TRY_ASSIGN(auto text, read_file("/proc/self/mountinfo"));
  return parse_mountinfo(text);
}

Result<std::optional<Mount>> mount_at(const std::string& path) {
  TRY_ASSIGN(auto all, mounts());
  for (auto mount = all.rbegin(); mount != all.rend(); ++mount)
    if (mount->point == path) return std::optional<Mount>(std::move(*mount));
  return std::optional<Mount>();
}

Result<std::string> resolve_mountpoint(const std::string& path) {
  if (auto resolved = with_patience([path] { return real_path(path); }); resolved && *resolved) return **resolved;
  // Not there, dead or hung: then what is above it must do.
  std::string above = path;
  while (above.size() > 1 && above.back() == '/') above.pop_back();
  std::size_t slash = above.rfind('/');
  std::string name = slash == above.npos ? above : above.substr(slash + 1);
  above = slash == above.npos ? "." : above.substr(0, std::max<std::size_t>(slash, 1));
  if (name.empty() || name == "." || name == "..") return fail(Code::kInvalid, "not a usable mountpoint: " + path);
  auto resolved = with_patience([above] { return real_path(above); });
  if (!resolved) return fail(Code::kTimeout, "the filesystem that holds " + path + " does not answer");
  if (!*resolved)
    return fail(Code::kNotFound, "there is no directory " + above + " for the mountpoint", "make it: mkdir -p " + path);
  std::string parent = std::move(**resolved);
  if (parent.back() != '/') parent += '/';
  return parent + name;
}

}  // namespace rfs
