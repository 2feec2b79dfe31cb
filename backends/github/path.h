// The grammar of names below api/ (runnerfs(7)): mount path ↔ request. Pure; nothing here asks anyone.
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
  bool lines = false;  // .jsonl: every page, one element a line
  // For kFile and kDirectory: the canonical spelling below api/ ("" is api/ itself), without ".now/".
  std::string display;
  bool now = false;    // below .now/
};

// `path` is what follows api/, "" for api/ itself; components as the kernel gives them (not yet percent-decoded).
// kAbsent is a value: no such name by the grammar or the route table. Failures: kInvalid (control bytes, ".." after
// decoding, a broken %-escape), kNameTooLong (a component over 255 bytes), kDenied (api.allow, api.deny: see Routes).
Result<ApiName> parse_api_path(std::string_view path, const Routes& routes);

// A full API URL or "/repos/…" path with an optional query → the path below api/ in shell-safe spelling, with `.json`
// unless the last component already ends in a known suffix and `keep_suffix` is set. kInvalid for another host.
Result<std::string> path_of_url(std::string_view url, std::string_view api_base);

// Replaces {owner} and {repo}. kUsage when they are asked for and repository ("octo/hello") is empty.
Result<std::string> fill_placeholders(std::string_view path, std::string_view repository);

}  // namespace rfs
