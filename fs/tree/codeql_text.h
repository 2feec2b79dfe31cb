// The files of codeql/ that are worked out of what is stored. Pure but for the store's manifests.
#pragma once

#include <string>
#include <vector>

#include "backends/results/results.h"

namespace rfs {

// manifest.json: an object of the manifests by language.
Result<std::string> manifests_text(results::Results& results, const results::ResultName& directory);
// LANGUAGE.explain: what is stored under this name and for what it is good; or what there is instead.
Result<std::string> explain_text(results::Results& results, const results::ResultName& name);
// .key/HASH.json: an array of the results whose scan had the key, newest first.
Result<std::string> key_text(results::Results& results, const std::string& hash);

}  // namespace rfs
