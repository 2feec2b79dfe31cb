// --changed-files of `codeql check`.
#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/codeql.h"

namespace rfs {
namespace {

constexpr std::size_t kMostText = 64u << 20;

Result<std::string> all_of_stdin() {
  std::string out;
  char buffer[64 * 1024];
  while (true) {
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "stdin");
    if (n == 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() > kMostText) return fail(Code::kTooLarge, "the list of changed files is larger than 64 MiB");
  }
}

// A name as git and editors write it, made relative to the root; "" for an empty one.
Result<std::string> inside(std::string name, const std::string& root) {
  if (name.starts_with("/")) {
    if (!name.starts_with(root + "/"))
      return fail(Code::kInvalid, fmt::format("{} lies outside of the repository", name),
                  "name files relative to its root");
    name.erase(0, root.size() + 1);
  }
  while (name.starts_with("./")) name.erase(0, 2);
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    if (name.substr(begin, end - begin) == "..")
      return fail(Code::kInvalid, fmt::format("{} leads out of the repository", name),
                  "name files relative to its root");
    begin = end + 1;
  }
  return name;
}

Result<std::vector<std::string>> split_names(std::string_view text, const std::string& root) {
  const char separator = text.find('\0') != std::string_view::npos ? '\0' : '\n';
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    std::string_view line = text.substr(0, end);
    if (separator == '\n' && line.ends_with('\r')) line.remove_suffix(1);
    TRY_ASSIGN(std::string name, inside(std::string(line), root));
    if (!name.empty()) out.push_back(std::move(name));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> changed_files(const std::string& argument, const std::string& directory,
                                               const Environment& environment) {
  TRY_ASSIGN(const codeql::Git git, codeql::Git::open(directory, environment));
  const std::string& root = git.work_tree();
  if (argument == "-") {
    TRY_ASSIGN(const std::string text, all_of_stdin());
    return split_names(text, root);
  }
  const bool range = argument.find("..") != std::string::npos && argument.find('/') != 0 && ::access(argument.c_str(), F_OK) != 0;
  if (!range) {
    TRY_ASSIGN(const std::string text, read_file(argument, kMostText));
    return split_names(text, root);
  }
  if (argument.starts_with("-"))
    return fail(Code::kInvalid, fmt::format("'{}' is no range of commits", argument), "write A..B or A...B");
  std::vector<std::string> out;
  auto listed = git.records({"diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", "--end-of-options", argument, "--"}, {},
                            [&](std::string_view name) {
                              out.emplace_back(name);
                              return true;
                            });
  if (!listed)
    return fail(listed.error().code,
                fmt::format("the changed files of {} cannot be told: {}", argument, listed.error().message),
                "fetch both commits: actions/checkout with fetch-depth: 0");
  return out;
}

}  // namespace rfs
