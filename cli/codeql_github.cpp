#include "cli/codeql_github.h"

#include "fs/tree/codeql_github.h"

namespace rfs {

Result<> TreeApi::get(const std::string& path, const std::string& query, Media media, const Sink& sink) {
  const bool list = path.ends_with("/code-scanning/analyses");
  TRY_ASSIGN(const std::string file, file_of_api({path, query}, media, list));
  return access_.cat(file, sink);
}

}  // namespace rfs
