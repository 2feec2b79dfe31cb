#include "cli/places.h"

#include <dirent.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/handle.h"
#include "cli/value.h"
#include "fs/kernel/mountinfo.h"

namespace rfs {
namespace {

bool own_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && (info.st_uid == ::geteuid() || ::geteuid() == 0);
}

// FNV-1a: a name for a mountpoint, not a protection; the socket's own directory and SO_PEERCRED are.
std::uint64_t short_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

std::string socket_directory(const Environment& environment) {
  const std::string directory = runtime_directory(environment);
  return directory.empty() ? fmt::format("/tmp/runnerfs-{}.run", ::geteuid()) : directory;
}

// The path with every link followed, up to the first runnerfs mount on it: below that, nothing is asked. Never opens
// and never waits: readlink(2) of a mountpoint does not reach what is mounted there.
std::string follow_links(const std::string& absolute, const std::vector<MountPlace>& mounts) {
  std::string rest = absolute, at;
  int links = 0;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    const std::string next = at + rest.substr(0, end);
    rest.erase(0, end);
    if (std::any_of(mounts.begin(), mounts.end(), [&](const MountPlace& place) { return place.mountpoint == next; }))
      return next + rest;
    char buffer[4096];
    const ssize_t size = ::readlink(next.c_str(), buffer, sizeof buffer);
    if (size <= 0 || ++links > 40) {  // no link, or one that leads nowhere, as the kernel counts
      at = next;
      continue;
    }
    const std::string target(buffer, static_cast<std::size_t>(size));
    rest = absolute_path((target.starts_with("/") ? target : at + "/" + target) + rest);
    at.clear();
  }
  return at.empty() ? "/" : at;
}

}  // namespace

std::string runtime_directory(const Environment& environment) {
  const std::string named = variable(environment, "XDG_RUNTIME_DIR");
  if (named.starts_with("/") && own_directory(named)) return absolute_path(named);
  return ::geteuid() == 0 ? "/run" : "";
}

std::string default_mountpoint(const Environment& environment) {
  const std::string directory = runtime_directory(environment);
  return mountpoint_path(directory.empty() ? fmt::format("/tmp/runnerfs-{}", ::geteuid()) : directory + "/runnerfs");
}

std::string socket_of_mountpoint(const Environment& environment, const std::string& mountpoint) {
  const std::string directory = socket_directory(environment);
  if (mountpoint.empty() || mountpoint == default_mountpoint(environment)) return directory + "/runnerfs.sock";
  return fmt::format("{}/runnerfs-{:016x}.sock", directory, short_hash(mountpoint));
}

std::vector<std::string> socket_files(const Environment& environment) {
  const std::string directory = socket_directory(environment);
  std::vector<std::pair<std::int64_t, std::string>> found;
  const Handle<DIR, closedir> open(::opendir(directory.c_str()));
  if (!open) return {};
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with("runnerfs") || !name.ends_with(".sock")) continue;
    struct stat info {};
    const std::string path = directory + "/" + std::string(name);
    if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) continue;
    found.emplace_back(name == "runnerfs.sock" ? INT64_MAX : info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec,
                       path);
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> out;
  for (auto& [time, path] : found) out.push_back(std::move(path));
  return out;
}

Result<> prepare_socket_directory(const std::string& socket) {
  const std::string directory = socket.substr(0, socket.rfind('/'));
  TRY(make_directories(directory, 0700));
  struct stat info {};
  if (::lstat(directory.c_str(), &info) != 0) return fail_errno(errno, "the directory of the socket");
  const bool foreign = info.st_uid != ::geteuid() && info.st_uid != 0;
  const bool writable = (info.st_mode & 0022) != 0 && (info.st_mode & S_ISVTX) == 0;
  if (!S_ISDIR(info.st_mode) || foreign || writable)
    return fail(Code::kDenied, fmt::format("{}: others could put a socket there", directory),
                "name a socket in a directory of your own with --socket, or set XDG_RUNTIME_DIR");
  return {};
}

Result<> prepare_private_directory(const std::string& directory) {
  TRY(make_directories(directory, 0700));
  struct stat info {};
  if (::lstat(directory.c_str(), &info) != 0) return fail_errno(errno, directory);
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 0022) != 0)
    return fail(Code::kDenied, fmt::format("{}: others could put a file there", directory), "name a file with --output");
  return {};
}

std::string state_directory(const Environment& environment) {
  const std::string named = variable(environment, "XDG_STATE_HOME");
  return (named.starts_with("/") ? named : expand_home("~/.local/state")) + "/runnerfs";
}

std::string absolute_path(const std::string& path) {
  std::string whole = path;
  if (!path.starts_with("/")) {
    char buffer[4096];
    whole = std::string(::getcwd(buffer, sizeof buffer) != nullptr ? buffer : "") + "/" + path;
  }
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t end = std::min(whole.find('/', at), whole.size());
    const std::string part = whole.substr(at, end - at);
    at = end + 1;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string out;
  for (const std::string& part : parts) out += "/" + part;
  return out.empty() ? "/" : out;
}

std::string mountpoint_path(const std::string& path) { return follow_links(absolute_path(path), runnerfs_mounts()); }

std::vector<MountPlace> runnerfs_mounts() {
  std::vector<MountPlace> out;
  const auto all = mounts();
  if (!all) return out;
  for (const Mount& mount : *all)
    if (mount.runnerfs()) out.push_back({mount.point, mount.source});
  return out;
}

std::optional<std::pair<MountPlace, std::string>> mount_of_path(const std::string& absolute) {
  const std::vector<MountPlace> places = runnerfs_mounts();
  if (places.empty()) return std::nullopt;
  const std::string path = follow_links(absolute, places);
  std::optional<std::pair<MountPlace, std::string>> best;
  for (const MountPlace& place : places) {
    const bool inside = path == place.mountpoint || path.starts_with(place.mountpoint + "/");
    if (!inside || (best && best->first.mountpoint.size() > place.mountpoint.size())) continue;
    best = {place, path == place.mountpoint ? "" : path.substr(place.mountpoint.size() + 1)};
  }
  return best;
}

Result<User> find_user(const std::string& name) {
  if (const auto number = parse_whole(name); number && *number < 0xffffffff) {
    const passwd* entry = ::getpwuid(static_cast<uid_t>(*number));
    return User{static_cast<uid_t>(*number), entry != nullptr ? entry->pw_gid : static_cast<gid_t>(*number)};
  }
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr)
    return fail(Code::kUsage, fmt::format("there is no user '{}'", name), "name a user by login name or number");
  return User{entry->pw_uid, entry->pw_gid};
}

}  // namespace rfs
