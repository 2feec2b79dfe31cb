// Who keeps a mount busy: what fuser(1) does, by the links of /proc alone, which ask no filesystem.
#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/handle.h"
#include "fs/kernel/mountinfo.h"
#include "fs/kernel/mountpoint.h"

namespace rfs {
namespace {

using Dir = Handle<DIR, closedir>;

std::vector<std::string> names(const std::string& directory) {
  std::vector<std::string> found;
  Dir open(::opendir(directory.c_str()));
  if (!open) return found;
  while (const dirent* entry = ::readdir(open.get()))
    if (entry->d_name[0] != '.') found.emplace_back(entry->d_name);
  return found;
}

bool below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

bool leads_below(const std::string& link, const std::string& directory) {
  char target[PATH_MAX];
  ssize_t length = ::readlink(link.c_str(), target, sizeof target);
  return length > 0 && below({target, static_cast<std::size_t>(length)}, directory);
}

bool maps_below(const std::string& process, const std::string& directory) {
  auto maps = read_file(process + "/maps");
  if (!maps) return false;
  for (std::size_t at = maps->find(directory); at != maps->npos; at = maps->find(directory, at + 1)) {
    std::size_t end = std::min(maps->find('\n', at), maps->size());
    if (at > 0 && (*maps)[at - 1] == ' ' && below(std::string_view(*maps).substr(at, end - at), directory)) return true;
  }
  return false;
}

bool holds(const std::string& process, const std::string& directory) {
  for (const char* link : {"/cwd", "/root", "/exe"})
    if (leads_below(process + link, directory)) return true;
  for (const auto& fd : names(process + "/fd"))
    if (leads_below(process + "/fd/" + fd, directory)) return true;
  return maps_below(process, directory);
}

}  // namespace

std::vector<std::string> holders(const std::string& path) {
  std::vector<std::string> found;
  auto directory = resolve_mountpoint(path);
  if (!directory) return found;
  for (const auto& pid : names("/proc")) {
    if (pid.find_first_not_of("0123456789") != pid.npos) continue;
    std::string process = "/proc/" + pid;
    if (!holds(process, *directory)) continue;
    std::string name = read_file(process + "/comm").value_or("?");
    if (!name.empty() && name.back() == '\n') name.pop_back();
    found.push_back(name + " (pid " + pid + ")");
  }
  return found;
}

}  // namespace rfs
