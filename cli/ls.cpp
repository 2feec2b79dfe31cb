#include <fmt/format.h>

#include <ctime>

#include "base/json.h"
#include "cli/access.h"
#include "cli/message.h"

namespace rfs {
namespace {

std::string json_of(const PathInfo& info) {
  JsonLine line;
  line.text("path", info.path).boolean("directory", info.directory).number("size", info.size);
  line.text("mode", fmt::format("{:04o}", static_cast<unsigned>(info.mode)));
  if (info.mtime > 0) line.text("mtime", rfc3339(info.mtime));
  return line.str();
}

std::string name_of(const PathInfo& info) {
  return printable(info.path.substr(info.path.rfind('/') + 1)) + (info.directory ? "/" : "");
}

std::string long_line(const PathInfo& info) {
  std::string mode = info.directory ? "d" : "-";
  for (int bit = 8; bit >= 0; --bit) mode += (info.mode >> bit & 1) != 0 ? "xwr"[bit % 3] : '-';
  const std::string time = info.mtime > 0 ? rfc3339(info.mtime).substr(0, 16) : "-";
  return fmt::format("{} {:>10} {:>16} {}\n", mode, info.size, time, name_of(info));
}

Result<std::vector<PathInfo>> listed(Access& access, const std::string& path) {
  auto list = access.list(path);
  if (list || list.error().code != Code::kNotDirectory) return list;
  TRY_ASSIGN(PathInfo info, access.stat(path, false));
  return std::vector<PathInfo>{std::move(info)};
}

}  // namespace

int run_ls(const Given& given) {
  auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  std::vector<std::string> arguments = given.arguments;
  if (arguments.empty()) arguments.emplace_back();
  std::string out;
  std::optional<Error> unread;
  for (const std::string& argument : arguments) {
    const auto path = (*reach)->tree_path(argument);
    if (!path) return report(path.error(), argument);
    const auto list = listed((*reach)->access(), *path);
    if (!list) return report((*reach)->explain(*path, list.error()), argument);
    if (*path == "cache" || path->starts_with("cache/") || *path == "api" || path->starts_with("api/"))
      if (auto cause = (*reach)->unread()) unread = std::move(cause);
    for (const PathInfo& info : *list)
      out += given.has("--json") ? json_of(info) + "\n" : given.has("--long") ? long_line(info) : name_of(info) + "\n";
  }
  const int printed = print(out);
  if (printed != 0 || !unread) return printed;
  unread->message = fmt::format("what the store holds is not listed, as it cannot be read: {}", unread->message);
  return report(*unread);
}

}  // namespace rfs
