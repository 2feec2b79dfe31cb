// Results of scans that are stored, as commands see them: read through the tree, of a daemon or of this process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/codeql/decide.h"
#include "fs/walk.h"

namespace rfs {

inline constexpr const char* kLocalStore = "the local store";  // Candidate::source of these

struct StoredScan {
  codeql::Candidate candidate;  // id: the digest of the SARIF
  std::string repository, config, language;
  std::string manifest;  // digest; "" without one
  std::uint64_t size = 0, alerts = 0;
  std::string tool, version, category;
  double scan_duration = -1;  // seconds; below 0: not known
};

// Those of the repository whose scan had the key, newest first. Another repository's may have the same files, but who
// may push to it is another question.
Result<std::vector<StoredScan>> scans_with_key(Access& access, const std::string& key, const std::string& repository);
// The SARIF, by its digest; and that of a name.
std::string sarif_file(const StoredScan& scan);
std::string sarif_file(const std::string& repository, const std::string& commit, const std::string& config,
                       std::string_view language);
// kNotFound: its manifest is gone, or there never was one.
Result<codeql::Manifest> manifest_of(Access& access, const StoredScan& scan);

// All that a directory holds: "codeql", "codeql/octo", …; with the path and the summary of each.
struct ListedScan {
  std::string path;     // of its SARIF
  std::string summary;  // JSON
};
Result<std::vector<ListedScan>> list_scans(Access& access, const std::string& directory);

}  // namespace rfs
