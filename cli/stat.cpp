#include <fmt/format.h>

#include "base/json.h"
#include "cli/access.h"
#include "cli/message.h"

namespace rfs {
namespace {

std::string json_of(const PathInfo& info) {
  JsonLine attributes;
  for (const auto& [name, value] : info.xattrs) attributes.text(name, value);
  JsonLine line;
  line.text("path", info.path).text("type", info.directory ? "directory" : "file").boolean("held", info.held);
  line.number("size", info.size).text("mode", fmt::format("{:04o}", static_cast<unsigned>(info.mode)));
  if (info.mtime > 0) line.text("mtime", rfc3339(info.mtime));
  return line.raw("xattrs", attributes.str()).str() + "\n";
}

std::string text_of(const PathInfo& info) {
  std::string out;
  const auto row = [&](std::string_view name, const std::string& value) {
    out += fmt::format("{:<36} {}\n", name, printable(value));
  };
  row("path", info.path);
  row("type", info.directory ? "directory" : "file");
  if (!info.directory) row("held", info.held ? "yes" : "no");
  row("size", fmt::format("{}", info.size));
  row("mode", fmt::format("{:04o}", static_cast<unsigned>(info.mode)));
  if (info.mtime > 0) row("mtime", rfc3339(info.mtime));
  for (const auto& [name, value] : info.xattrs) row(name, value);
  return out;
}

}  // namespace

int run_stat(const Given& given) {
  auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  std::string out;
  for (const std::string& argument : given.arguments) {
    const auto path = (*reach)->tree_path(argument);
    if (!path) return report(path.error(), argument);
    const auto info = (*reach)->access().stat(*path, !given.has("--no-fetch"));
    if (!info) return report((*reach)->explain(*path, info.error()), argument);
    out += given.has("--json") ? json_of(*info) : text_of(*info);
  }
  return print(out);
}

}  // namespace rfs
