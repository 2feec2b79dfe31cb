#include "cli/codeql_github.h"

#include "backends/github/path.h"

namespace rfs {

Result<> TreeApi::get(const std::string& path, const std::string& query, Media media, const Sink& sink) {
  TRY_ASSIGN(std::string below, path_of_url(query.empty() ? path : path + "?" + query, "https://api.github.com"));
  if (media == Media::kSarif && below.ends_with(".json")) below.replace(below.size() - 5, 5, ".sarif");
  const bool list = path.ends_with("/code-scanning/analyses");
  return access_.cat((list ? "api/.now/" : "api/") + below, sink);
}

}  // namespace rfs
