#include "cli/checkout.h"

#include <sys/stat.h>

#include "base/file.h"
#include "cli/json_view.h"
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
  for (const char* name : {"GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR"})
    if (variable(environment, name) == "dependabot[bot]") return "the event was caused by Dependabot";
  const std::string event = variable(environment, "GITHUB_EVENT_NAME");
  const bool pull_request = event.starts_with("pull_request");
  if (!pull_request && event != "workflow_run") return {};
  const char* head_path = pull_request ? "pull_request.head.repo.full_name" : "workflow_run.head_repository.full_name";
  const auto payload = read_file(variable(environment, "GITHUB_EVENT_PATH"), 64u << 20);
  if (!payload) return "the event is a " + event + " whose payload cannot be read";
  const std::string head = json_text(*payload, head_path);
  const std::string base = json_text(*payload, "repository.full_name");
  if (head.empty() || base.empty()) return "the event is a " + event + " whose head repository is not known";
  if (head != base) return "the event is a " + event + " from a fork";
  return {};
}

}  // namespace rfs
