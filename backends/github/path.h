// The grammar of names below api/ (runnerfs(7)): mount path ↔ request. Pure; nothing here asks anyone.
//
//   repos/octo/hello/actions/runs.json?status=success    a query as in a URL, after the suffix
//   repos/octo/hello/actions/runs@status=success.json    the same request and the canonical spelling: safe in a shell
//   repos/octo/hello/contents/src/%40scope@ref=main.raw  escapes are kept; %40 is an '@' that begins no parameter
//
// - One suffix (.json .raw .html .diff .patch .sarif .jsonl .bin) is taken off the last component and picks the media
//   type; without one the name is a directory, if the route table knows something at it or below it.
// - `@` begins a parameter only before `name=` and not as the first character; inside a value it is %40.
// - Names that begin with '.' are absent, except below contents/, where only `.git` is.
// - A name that has a suffix is a file and never a directory, so that kernel and command line agree; only below
//   contents/ a longer path may go through it. An escaped dot, %2E, is an ordinary character: it neither hides a name
//   nor begins a suffix. repos/octo/%2Egithub.json is the repository ".github", repos/octo/x%2Ejson/pulls.json are the
//   pulls of "x.json".
// - Case is kept; empty components are skipped. The canonical spelling escapes what a URL escapes, but for letters
//   beyond ASCII, which it shows; where that makes a component longer than 255 bytes, the name is not listed.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "backends/github/request.h"
#include "backends/github/routes.h"
#include "base/result.h"

namespace rfs {

struct ApiName {
  enum class What { kAbsent, kDirectory, kFile };
  What what = What::kAbsent;
  // For kFile:
  std::shared_ptr<const ApiRequest> request;
  const Route* route = nullptr;
  // .jsonl: every page, one element a line. `request` then names the whole list: its media type is never sent, its
  // query holds per_page (100 unless given); page_request() makes that of the first page.
  bool lines = false;
  // For kFile and kDirectory: the canonical spelling below api/ ("" is api/ itself), without ".now/".
  std::string display;
  bool now = false;  // below .now/
};

// `path` is what follows api/, "" for api/ itself; components as the kernel gives them (not yet percent-decoded).
// kAbsent is a value: no such name by the grammar or the route table. Failures: kInvalid (control bytes, ".." after
// decoding, a broken %-escape), kNameTooLong (a component over 255 bytes), kNotDirectory (below a file name), kDenied
// (api.allow, api.deny: see Routes).
Result<ApiName> parse_api_path(std::string_view path, const Routes& routes);

// The request of a REST path ("/repos/o/r") and a raw query, both as in a URL, for application/vnd.github+json, in the
// canonical form that parse_api_path gives. kInvalid, kNameTooLong as there.
Result<ApiRequest> json_request(std::string_view path, std::string_view query);
// The first page of a .jsonl's list.
ApiRequest page_request(const ApiRequest& lines);

// REST path and query of a full API URL, "/repos/…" or "repos/…". kInvalid for another scheme, host or port than the
// API's, for a path that does not lie below the base's, and for URL templates ("…{/sha}"). A base of file://
// (recorded answers) stands for https://api.github.com.
struct UrlTarget {
  std::string path, query;
};
Result<UrlTarget> target_of_url(std::string_view url, std::string_view api_base);
// The same of a Link's URL, which may be relative to that of the request whose answer holds it (RFC 8288, 3.2).
Result<UrlTarget> target_of_link(const std::string& link, const ApiRequest& from, const std::string& api_base);

// A full API URL or "/repos/…" path with an optional query → the path below api/ in shell-safe spelling, with `.json`.
Result<std::string> path_of_url(std::string_view url, std::string_view api_base);

// Replaces {owner} and {repo}. kUsage when they are asked for and repository is not of the form "octo/hello".
Result<std::string> fill_placeholders(std::string_view path, std::string_view repository);

}  // namespace rfs
