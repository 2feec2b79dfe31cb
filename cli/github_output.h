// The file by which a step of a job tells its outputs to the runner ($GITHUB_OUTPUT).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rfs {

// Appends NAME<<DELIMITER, the value and the delimiter for each, in one write, so that no value, whatever it holds, can
// be taken for another output. A delimiter is random.
Result<> append_outputs(const std::string& file, const std::vector<std::pair<std::string, std::string>>& outputs);

}  // namespace rfs
