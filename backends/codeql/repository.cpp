#include "backends/codeql/repository.h"

#include <sys/stat.h>

#include "base/text.h"

namespace rfs::codeql {
namespace {

// Asked by name: the whole configuration may hold credentials (http.*.extraheader).
constexpr const char* kNames =
    "^(core\\.(autocrlf|eol|symlinks|sparsecheckout)|extensions\\.partialclone|remote\\..*\\.(promisor|"
    "partialclonefilter))$";

bool no_empty_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

// `git config -z` writes NAME LF VALUE, or NAME alone for a switch without a value.
void take_setting(std::string_view record, RepositoryState& out, bool& partial, bool& sparse) {
  const std::size_t end = record.find('\n');
  const std::string_view name = record.substr(0, end);
  const std::string value(end == std::string_view::npos ? "true" : record.substr(end + 1));
  const bool off = value == "false" || value == "no" || value == "off" || value == "0" || value.empty();
  if (name == "core.autocrlf") {
    out.checkout.autocrlf = value;
  } else if (name == "core.eol") {
    out.checkout.eol = value;
  } else if (name == "core.symlinks") {
    out.checkout.symlinks = off ? "false" : "true";
  } else if (name == "core.sparsecheckout") {
    sparse = !off;
  } else if (!(name.ends_with(".promisor") && off)) {
    partial = true;
  }
}

}  // namespace

Result<RepositoryState> inspect_repository(const Git& git) {
  RepositoryState out;
  if (git.object_format() != "sha1")
    out.doubts.push_back("the repository names its objects by " + git.object_format() + ", not by sha1");
  bool partial = false, sparse = false;
  // Exit 1: none of these is set.
  TRY_ASSIGN(const std::string settings, git.ask({"config", "-z", "--get-regexp", kNames}, {}, 1));
  for (std::string_view rest = settings; !rest.empty();) {
    const std::size_t end = rest.find('\0');
    take_setting(rest.substr(0, end), out, partial, sparse);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (partial) out.doubts.push_back("the repository is a partial clone, of which objects may be missing");
  if (sparse) out.doubts.push_back("the checkout is sparse: files of the commit are left out");
  TRY_ASSIGN(const std::string replaced, git.ask({"for-each-ref", "--count=1", "refs/replace/"}));
  if (!trimmed(replaced).empty())
    out.doubts.push_back("the repository has replace refs, which show other objects in place of its own");
  if (no_empty_file(git.common() + "/info/attributes"))
    out.doubts.push_back("the repository has attributes of its own (info/attributes), which change files");
  if (no_empty_file(git.common() + "/info/grafts"))
    out.doubts.push_back("the repository has grafts, which give commits other parents");
  return out;
}

}  // namespace rfs::codeql
