// The names below codeql/. Pure.
//
//   OWNER/REPO/COMMIT/CONFIG/LANGUAGE.sarif           a result; also .json (summary), .manifest.json, .explain
//   OWNER/REPO/COMMIT/CONFIG/manifest.json            the manifests of a configuration, by language
//   OWNER/REPO/COMMIT/github/LANGUAGE.sarif           GitHub's own analysis of the commit
//   .key/HASH.json                                    the results of one key; HASH: SHA-256 of the key, hex
//   .digest/SHA256.sarif, .digest/SHA256.manifest.json
#pragma once

#include <string>
#include <string_view>

#include "backends/results/result_info.h"

namespace rfs {

struct CodeqlPath {
  enum class What {
    kRoot,
    kReadme,
    kDirectory,  // of a result: `depth` components
    kHidden,     // .key, .digest
    kSarif,
    kSummary,
    kManifest,
    kManifests,
    kExplain,
    kGithub,         // name; config is "github"
    kKey,            // hash
    kDigest,         // hash of a SARIF
    kDigestManifest  // hash of a manifest
  };
  What what = What::kRoot;
  int depth = 0;             // kDirectory: 1 owner, 2 repository, 3 commit, 4 configuration
  std::string owner;         // kDirectory of depth 1
  results::ResultName name;  // what of it the path names
  std::string hash;
  // What is worked out of a result, and goes with it.
  bool derived() const {
    return what == What::kSummary || what == What::kManifest || what == What::kManifests || what == What::kExplain;
  }
};

// kInvalid: a name that no owner, repository, commit, configuration or language has. kNotFound: a file of no known kind.
// kNotDirectory: below a file.
Result<CodeqlPath> parse_codeql_path(std::string_view path);

}  // namespace rfs
