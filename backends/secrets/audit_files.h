// The files of a log as they are at one moment, in the order of their lines.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/secrets/audit_state.h"
#include "base/fd.h"
#include "base/result.h"

namespace rfs::audit {

struct Part {
  std::string name;  // "audit.log.00000000000000000042", …, "audit.log"
  Fd fd;
  std::uint64_t size = 0;
};
struct Files {
  std::vector<Part> parts;
  std::optional<State> state;  // none: there is no audit.state
};
// kNotFound: there is no audit.log and no rotated one. kTampered: audit.state is damaged.
Result<Files> open_files(const std::string& directory);

}  // namespace rfs::audit
