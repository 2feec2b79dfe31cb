// What a line of the audit log says: JSON that stays below 4,096 bytes whatever it is given. Pure.
#pragma once

#include <string>
#include <string_view>

#include "backends/secrets/audit.h"

namespace rfs::audit {

std::string_view action_word(AuditAction action);  // "store", "access_granted", …

struct Said {
  std::string_view action;
  std::string_view credential;
  std::string_view details;  // a JSON object
  std::uint64_t generation = 0;
};
// All of a body after its number: `,"timestamp":…,"exe":…`. What the accessor claims of itself is named in "claimed".
std::string rest_of_line(const Said& said, const Accessor& accessor, double wall, std::string_view boot_id);

// {"repo":…,"workflow":…,"runner_id":…,"reason":…}, the scope when it is known, and how many denials the line stands
// for when there are several.
std::string details_of(const AuditEvent& event, std::uint64_t suppressed = 0);

}  // namespace rfs::audit
