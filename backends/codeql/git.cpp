#include "backends/codeql/git.h"

#include <fmt/format.h>

#include "base/text.h"

namespace rfs::codeql {
namespace {

constexpr Millis kDeadline{60'000};
constexpr int kFatal = 128;

std::vector<std::string> environment_of(const Environment& all) {
  std::vector<std::string> out{"LC_ALL=C",
                               "GIT_NO_REPLACE_OBJECTS=1",
                               "GIT_NO_LAZY_FETCH=1",
                               "GIT_OPTIONAL_LOCKS=0",
                               "GIT_TERMINAL_PROMPT=0",
                               "GIT_ALLOW_PROTOCOL=none"};
  // HOME and XDG_CONFIG_HOME hold safe.directory, which is the user's to say.
  for (const char* name : {"PATH", "HOME", "XDG_CONFIG_HOME"})
    if (const auto found = all.find(name); found != all.end()) out.push_back(fmt::format("{}={}", name, found->second));
  return out;
}

std::string first_line(std::string_view text) {
  text = trimmed(text);
  std::string line(text.substr(0, text.find('\n')));
  for (const char* prefix : {"fatal: ", "error: "})
    if (line.starts_with(prefix)) line.erase(0, 7);
  return line;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

tl::unexpected<Error> failed(const Error& error) {
  if (error.code == Code::kNotFound)
    return fail(Code::kUnsupported, "git cannot be run: it is not installed, or not in PATH", "install git");
  return fail(error);
}

tl::unexpected<Error> no_repository(const std::string& directory, const std::string& complaint) {
  if (complaint.find("dubious ownership") != std::string::npos ||
      complaint.find("unsafe repository") != std::string::npos)
    return fail(Code::kDenied, fmt::format("git does not trust {}: it belongs to another user", directory),
                fmt::format("git config --global --add safe.directory {}", directory));
  if (complaint.find("not a git repository") != std::string::npos)
    return fail(Code::kNotFound, fmt::format("{} lies in no git repository", directory),
                "run it in a checkout: actions/checkout comes first");
  return fail(Code::kBroken, fmt::format("git cannot read the repository of {}: {}", directory, first_line(complaint)),
              "run `git status` there");
}

}  // namespace

std::optional<std::string> full_id(std::string_view text) {
  if (text.size() != 40 && text.size() != 64) return std::nullopt;
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
  }
  return out;
}

std::vector<std::string> Git::words(const std::vector<std::string>& more) const {
  std::vector<std::string> out{"git", "-C", at_, "--no-pager",
                               // Programs that a repository's configuration could name.
                               "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c",
                               "diff.external=", "-c", "core.quotePath=true", "-c", "submodule.recurse=false", "-c",
                               "core.checkStat=default", "-c", "core.trustctime=true", "-c", "core.preloadIndex=true"};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Result<Git> Git::open(const std::string& directory, const Environment& environment) {
  Git git;
  git.environment_ = environment_of(environment);
  git.at_ = directory;
  auto ran = run_process(git.words({"rev-parse", "--is-bare-repository", "--is-inside-work-tree",
                                    "--is-shallow-repository", "--show-object-format", "--absolute-git-dir",
                                    "--path-format=absolute", "--git-common-dir", "--show-toplevel"}),
                         git.environment_, kDeadline);
  if (!ran) return failed(ran.error());
  const std::vector<std::string> lines = lines_of(ran->out.reveal_text());
  // The last question fails where there is no work tree, after all others were answered.
  const bool inside = lines.size() == 7 && lines[1] == "true" && ran->exit_code == 0;
  const bool bare = lines.size() >= 6 && lines[1] == "false" && lines.size() <= 7;
  if (!inside && !bare) return no_repository(directory, ran->err);
  git.shallow_ = lines[2] == "true";
  git.object_format_ = lines[3];
  git.directory_ = lines[4];
  git.common_ = lines[5];
  if (inside) git.at_ = git.work_tree_ = lines[6];
  return git;
}

Result<std::string> Git::ask(const std::vector<std::string>& more, std::string_view input, int accepted) const {
  auto ran = run_process(words(more), environment_, kDeadline, view(input));
  if (!ran) return failed(ran.error());
  if (ran->exit_code != 0 && ran->exit_code != accepted)
    return fail(Code::kBroken, fmt::format("git {} failed: {}", more[0], first_line(ran->err)), "run `git fsck`");
  return std::string(ran->out.reveal_text());
}

Result<> Git::stream(const std::vector<std::string>& more, std::string_view input,
                     const std::function<bool(BytesView)>& sink) const {
  bool enough = false;
  auto ran = stream_process(words(more), environment_, kDeadline, view(input), [&](BytesView bytes) {
    enough = !sink(bytes);
    return !enough;
  });
  if (!ran) return failed(ran.error());
  if (!enough && ran->exit_code != 0)
    return fail(Code::kBroken, fmt::format("git {} failed: {}", more[0], first_line(ran->err)), "run `git fsck`");
  return {};
}

Result<> Git::records(const std::vector<std::string>& more, std::string_view input,
                      const std::function<bool(std::string_view)>& record) const {
  std::string rest;  // of a record that the last piece began
  bool enough = false;
  TRY(stream(more, input, [&](BytesView bytes) {
    std::string_view piece = text(bytes);
    for (std::size_t end; !enough && (end = piece.find('\0')) != std::string_view::npos; piece.remove_prefix(end + 1)) {
      if (rest.empty()) {
        enough = !record(piece.substr(0, end));
      } else {
        rest.append(piece.substr(0, end));
        enough = !record(rest);
        rest.clear();
      }
    }
    rest.append(piece);
    return !enough;
  }));
  if (!enough && !rest.empty()) return fail(Code::kBroken, fmt::format("git {} stopped in the middle", more[0]));
  return {};
}

Result<Git::Commit> Git::commit(const std::string& name) const {
  auto ran = run_process(words({"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"}),
                         environment_, kDeadline);
  if (!ran) return failed(ran.error());
  Commit out;
  if (ran->exit_code == 0) out.id = trimmed(ran->out.reveal_text());
  if (!full_id(out.id))
    return fail(
        Code::kNotFound,
        name == "HEAD" ? "the repository has no commit yet" : fmt::format("commit {} is not in this repository", name),
        name == "HEAD" ? "commit something first" : fmt::format("git fetch --depth 1 origin {}", name));
  TRY_ASSIGN(const std::string tree, ask({"rev-parse", "--verify", "--quiet", "--end-of-options", out.id + "^{tree}"}));
  out.tree = trimmed(tree);
  if (!full_id(out.tree))
    return fail(Code::kBroken, fmt::format("the tree of commit {} is missing", out.id), "run `git fsck`");
  return out;
}

Result<std::string> Git::blob(const std::string& id, std::size_t limit) const {
  std::string out;
  auto ran = stream_process(words({"cat-file", "blob", id}), environment_, kDeadline, {}, [&](BytesView bytes) {
    out.append(text(bytes));
    return out.size() <= limit;
  });
  if (!ran) return failed(ran.error());
  if (out.size() > limit) return fail(Code::kTooLarge, fmt::format("object {} is larger than {} bytes", id, limit));
  if (ran->exit_code == kFatal) return fail(Code::kNotFound, fmt::format("object {} is missing", id), "run `git fsck`");
  if (ran->exit_code != 0) return fail(Code::kBroken, fmt::format("git cat-file failed: {}", first_line(ran->err)));
  return out;
}

}  // namespace rfs::codeql
