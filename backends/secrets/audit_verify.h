// Reading the audit log back: its files in order, and their check. runnerfs-audit(7).
// Any thread; nothing is written. Daemons may go on writing: what is looked at ends where the log ended at the start.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/secrets/audit.h"

namespace rfs {

// A line that was noted elsewhere: `runnerfs audit head`, the system's journal, the store's ROOT.
struct AuditAnchor {
  std::uint64_t seq = 0;
  Digest mac{};
};
// "42 <64 hex digits>" or "42:<64 hex digits>".
std::optional<AuditAnchor> parse_anchor(std::string_view text);
std::string anchor_text(const AuditAnchor& anchor);

struct AuditFault {
  std::string file;        // "audit.log"
  std::uint64_t line = 0;  // of the file, from 1; 0: no line, the log as a whole
  std::string why;
};
struct AuditVerdict {
  std::optional<AuditFault> fault;  // the first; none: the log is whole
  std::uint64_t files = 0, lines = 0;
  std::uint64_t first_seq = 0, last_seq = 0;  // 0: no line
  Digest last_mac{};
  std::uint64_t recovered = 0;   // torn lines that the log itself accounts for
  std::uint64_t torn_bytes = 0;  // at the end: a writer died, the next one will account for it
  bool forgery_checked = false;  // each MAC, with the owner's key; else sums: damage alone
  bool end_checked = false;      // against audit.state
};

struct AuditCheck {
  std::string directory;
  const SecretBytes* owner_key = nullptr;  // A_0
  std::vector<AuditAnchor> anchors;
};
// kNotFound: there is no log. Other failures: it could not be read. A log that is not whole is a verdict.
Result<AuditVerdict> verify_audit(const AuditCheck& check);

// Each whole line of all files, the oldest first, without its newline; until `take` answers false.
Result<> read_audit(const std::string& directory, const std::function<Result<bool>(std::string_view line)>& take);
// The last `count` lines, the oldest first.
Result<std::vector<std::string>> tail_audit(const std::string& directory, std::size_t count);
// The last line as audit.state has it. kNotFound: there is no log.
Result<AuditAnchor> head_audit(const std::string& directory);

}  // namespace rfs
