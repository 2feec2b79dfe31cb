// codeql key: the key of a scan, and what it is made of.
#include <fmt/format.h>

#include "cli/codeql.h"
#include "cli/json_view.h"
#include "cli/message.h"

namespace rfs {

int run_codeql_key(const Given& given) {
  const auto scan = examine_scan(given);
  if (!scan) return report(scan.error());
  for (const std::string& doubt : scan->subject.doubts) warn(fmt::format("no result may stand for this scan: {}", doubt));
  const codeql::Manifest& manifest = scan->subject.manifest;
  return print(given.has("--json") ? json_pretty(codeql::manifest_json(manifest)) : manifest.key + "\n");
}

}  // namespace rfs
