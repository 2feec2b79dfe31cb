// The fleet secret as text: "rfs1-" and 56 characters of base32, the 32 bytes and the first 3 of
// SHA-256("runnerfs/v1/fleet" ‖ bytes), so that a slip of the pen is noticed. runnerfs-formats(7).
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace rfs {

SecretBytes fleet_key_text(const SecretBytes& key);
// kInvalid: not of the form, or the check digits differ. Blanks around it and upper case are accepted.
Result<SecretBytes> parse_fleet_key(std::string_view text);

}  // namespace rfs
