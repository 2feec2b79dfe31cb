// Lines of an audit log that somebody else wrote.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backends/secrets/audit_chain.h"
#include "backends/secrets/audit_verify.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto line = rfs::audit::parse_line(text)) {
    // The views are into the line.
    for (const std::string_view part : {line->body, line->summed, line->sum})
      if (part.data() < text.data() || part.data() + part.size() > text.data() + text.size()) std::abort();
    (void)rfs::audit::is_whole(*line, rfs::Digest{});
  }
  for (const char* name : {"timestamp", "credential", "reason", "gen"}) (void)rfs::audit::member_of(text, name);
  (void)rfs::audit::number_of(text, "gen");
  if (const auto anchor = rfs::parse_anchor(text)) {
    const auto again = rfs::parse_anchor(rfs::anchor_text(*anchor));
    if (!again || again->seq != anchor->seq || again->mac != anchor->mac) std::abort();
  }
  return 0;
}
