#include "cli/workflow_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/encode.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"

namespace rfs {
namespace {

constexpr std::size_t kMostSummary = 1u << 20;

// In locked memory, since the value may be a credential.
SecretBytes joined_in_secret(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  SecretBytes out(size);
  auto to = out.reveal_mutable().begin();
  for (const std::string_view part : parts) to = std::copy(part.begin(), part.end(), to);
  return out;
}

Result<> append_to_runner(const std::string& file, const SecretBytes& text, bool lines = false) {
  if (file.empty())
    return fail(Code::kNotFound, "the runner names no file for this", "run it as a step of a job");
  const Fd open(::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
  if (!open) return fail_errno(errno, fmt::format("the runner's file {} cannot be opened", file));
  // What another program left without a line's end must not swallow our first name.
  struct stat info {};
  char last = '\n';
  if (lines && ::fstat(open.get(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
      ::pread(open.get(), &last, 1, info.st_size - 1) == 1 && last != '\n')
    return write_all(open.get(), joined_in_secret({"\n", text.reveal_text()}).reveal());
  return write_all(open.get(), text.reveal());
}

// Sorted by what they belong to. Names are compared without case: some programs do.
constexpr std::array<std::string_view, 56> kRefused{
    // shells and the loader
    "PATH", "HOME", "SHELL", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "BASHOPTS", "PS4", "PROMPT_COMMAND", "CDPATH", "GLOBIGNORE",
    "TMPDIR", "TMP", "TEMP", "LOCPATH", "GCONV_PATH", "HOSTALIASES", "RESOLV_HOST_CONF", "TERMINFO", "TERMCAP",
    // interpreters
    "NODE_OPTIONS", "NODE_PATH", "NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED", "RUBYOPT", "RUBYLIB", "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "MAVEN_OPTS", "GRADLE_OPTS", "GOFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS", "DOTNET_STARTUP_HOOKS", "COR_PROFILER", "CORECLR_PROFILER", "COMPLUS_PROFILER",
    // programs that steps call
    "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EXEC_PATH", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND", "GIT_TEMPLATE_DIR",
    "SSH_ASKPASS", "EDITOR", "VISUAL", "PAGER", "DOCKER_HOST", "DOCKER_CONFIG", "CI", "SSL_CERT_FILE", "SSL_CERT_DIR"};
constexpr std::array<std::string_view, 18> kRefusedPrefixes{
    "LD_",   "DYLD_",  "GITHUB_",    "RUNNER_",    "ACTIONS_",     "INPUT_",      "STATE_",         "RUNNERFS_", "BASH_FUNC_",
    "PERL5", "PYTHON", "GIT_CONFIG", "GIT_TRACE", "NPM_CONFIG_SCRIPT", "NPM_CONFIG_NODE", "GLIBC_TUNABLES", "MALLOC_",   "CURL_"};
constexpr std::array<std::string_view, 2> kRefusedEnds{"_PROXY", "_CA_BUNDLE"};

Result<SecretBytes> heredoc(std::string_view name, std::string_view value) {
  if (name.empty() || name.find_first_of("=<\r\n") != std::string_view::npos || name.find('\0') != std::string_view::npos)
    return fail(Code::kInvalid, "this is no name that the runner could take");
  if (value.find('\0') != std::string_view::npos)
    return fail(Code::kInvalid, fmt::format("the value of {} holds a zero byte", name), "read it as a file");
  const std::string delimiter = "runnerfs_" + hex(SecretBytes::random(16).reveal());
  return joined_in_secret({name, "<<", delimiter, "\n", value, "\n", delimiter, "\n"});
}

std::string escaped_for_runner(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += '?';
    else
      out += c;
  }
  return out;
}

}  // namespace

Result<> append_value(const std::string& file, std::string_view name, std::string_view value) {
  TRY_ASSIGN(const SecretBytes text, heredoc(name, value));
  return append_to_runner(file, text, true);
}

Result<> append_outputs(const std::string& file, const Outputs& outputs) {
  SecretBytes all;
  for (const auto& [name, value] : outputs) {
    TRY_ASSIGN(SecretBytes one, heredoc(name, value));
    if (value.find_first_of("\r\n") == std::string::npos) one = joined_in_secret({name, "=", value, "\n"});
    all = joined_in_secret({all.reveal_text(), one.reveal_text()});
  }
  return append_to_runner(file, all, true);
}

Result<> append_directory(const std::string& file, std::string_view directory) {
  if (directory.find_first_of("\r\n") != std::string_view::npos)
    return fail(Code::kInvalid, "the directory's name holds a line end");
  return append_to_runner(file, joined_in_secret({directory, "\n"}));
}

Result<> append_summary(const std::string& file, std::string_view markdown) {
  if (markdown.size() > kMostSummary) return fail(Code::kTooLarge, "the summary is larger than 1 MiB");
  return append_to_runner(file, joined_in_secret({markdown}));
}

bool harmless_variable(std::string_view name) {
  std::string upper(name);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  const std::string_view asked = upper;
  const auto begins = [&](std::string_view prefix) { return asked.starts_with(prefix); };
  const auto ends = [&](std::string_view end) { return asked.ends_with(end); };
  return std::find(kRefused.begin(), kRefused.end(), asked) == kRefused.end() &&
         std::none_of(kRefusedPrefixes.begin(), kRefusedPrefixes.end(), begins) &&
         std::none_of(kRefusedEnds.begin(), kRefusedEnds.end(), ends);
}

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string annotation(std::string_view level, std::string_view title, std::string_view message) {
  return fmt::format("::{} title={}::{}\n", level, escaped_for_runner(title, true), escaped_for_runner(message, false));
}

std::string quoted_log(std::string_view prefix, std::string_view text) {
  std::string out;
  text = trimmed(text);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    // "##[command]" counts anywhere in a line, "::command::" only at its beginning.
    for (std::size_t at = 0; (at = line.find("##[", at)) != std::string::npos;) line.replace(at, 3, "## [");
    for (char& c : line)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    if (!line.empty()) out += fmt::format("{}{}\n", prefix, line);
  }
  return out;
}

}  // namespace rfs
