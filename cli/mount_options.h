// The words of `-o`: our options in their mount spelling, and what mount(8) and fstab(5) add. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/config.h"

namespace rfs {

struct MountWords {
  std::vector<FlagValue> settings;
  std::vector<std::string> passed;  // to the kernel: nosuid, noexec, …
  bool rw = false;                  // "rw" was among them: what is mounted anyway, and the contrary of --ro
};

// Each text may hold several words separated by commas ("\," is a comma within one). kUsage: an unknown word, a value
// that is missing, contradictory words (ro,rw), one word twice with different values.
Result<MountWords> parse_mount_options(const std::vector<std::string>& texts);

}  // namespace rfs
