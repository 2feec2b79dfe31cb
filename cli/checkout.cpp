#include "cli/checkout.h"

#include <sys/stat.h>

#include "backends/github/event.h"
#include "base/file.h"
#include "cli/value.h"

namespace rfs {
namespace {

bool exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

// The directory that holds `config`: a linked work tree's .git is a file that names another directory, which may name
// the common one.
std::string git_directory(const std::string& root) {
  const std::string dot_git = root + "/.git";
  struct stat info {};
  if (::stat(dot_git.c_str(), &info) != 0) return {};
  if (S_ISDIR(info.st_mode)) return dot_git;
  const auto text = read_file(dot_git, 4096);
  if (!text || !text->starts_with("gitdir:")) return {};
  std::string directory(trimmed(std::string_view(*text).substr(7)));
  if (!directory.starts_with("/")) directory = root + "/" + directory;
  if (const auto common = read_file(directory + "/commondir", 4096)) {
    const std::string name(trimmed(*common));
    return name.starts_with("/") ? name : directory + "/" + name;
  }
  return directory;
}

}  // namespace

std::string checkout_root(const std::string& directory, const Environment& environment) {
  for (std::string at = directory; !at.empty(); at = at.substr(0, at.rfind('/')))
    if (exists(at + "/.git")) return at;
  const std::string workspace = variable(environment, "GITHUB_WORKSPACE");
  return workspace.starts_with("/") && exists(workspace) ? workspace : "";
}

std::string repository_of_remote(const std::string& root) {
  const std::string directory = git_directory(root);
  if (directory.empty()) return {};
  const auto text = read_file(directory + "/config", 1u << 20);
  if (!text) return {};
  bool in_origin = false;
  for (const std::string& line : split_list(*text, '\n')) {
    if (line.starts_with("[")) {
      in_origin = line == "[remote \"origin\"]";
    } else if (in_origin && line.starts_with("url")) {
      const std::size_t equals = line.find('=');
      if (equals != std::string::npos) return repository_of_remote_url(std::string(trimmed(line.substr(equals + 1))));
    }
  }
  return {};
}

std::string repository_of_remote_url(const std::string& url) {
  std::string path;
  if (const std::size_t scheme = url.find("://"); scheme != std::string::npos) {
    if (url.starts_with("file:")) return {};
    const std::size_t slash = url.find('/', scheme + 3);
    if (slash == std::string::npos) return {};
    path = url.substr(slash + 1);
  } else if (const std::size_t colon = url.find(':'); colon != std::string::npos && url.find('/') > colon) {
    path = url.substr(colon + 1);  // git@github.com:octo/hello.git
  } else {
    return {};
  }
  while (path.starts_with("/")) path.erase(0, 1);
  while (path.ends_with("/")) path.pop_back();
  if (path.ends_with(".git")) path.erase(path.size() - 4);
  const std::size_t slash = path.find('/');
  const bool two_parts = slash != std::string::npos && slash > 0 && slash + 1 < path.size() &&
                         path.find('/', slash + 1) == std::string::npos;
  return two_parts ? path : "";
}

std::string untrusted_event(const Environment& environment) {
  const JobEvent event = job_event(environment, [](const std::string& path) {
    auto text = read_file(path, 64u << 20);
    return text ? std::optional(std::move(*text)) : std::nullopt;
  });
  if (event.dependabot) return "the event was caused by Dependabot";
  if (!event.pull_request() && event.name != "workflow_run") return {};
  if (!event.payload) return "the event is a " + event.name + " whose payload cannot be read";
  if (event.head.empty() || event.base.empty())
    return "the event is a " + event.name + " whose head repository is not known";
  return event.same_repository() ? "" : "the event is a " + event.name + " from a fork";
}

}  // namespace rfs
