#include "backends/secrets/audit_line.h"

#include "base/json.h"
#include "base/json_text.h"

namespace rfs::audit {
namespace {

// Quoted, at most `most` bytes between the quotes; "…" stands for the rest.
std::string quoted(std::string_view text, std::size_t most) {
  constexpr std::string_view kRest = "…";
  std::string whole = json_quote(text);
  if (whole.size() <= most + 2) return whole;
  std::size_t end = 1;
  for (;;) {
    const std::size_t length = whole[end] != '\\'      ? utf8_length(std::string_view(whole).substr(end))
                               : whole[end + 1] == 'u' ? 6
                                                       : 2;
    if (end + length + kRest.size() > most + 1) break;
    end += length;
  }
  return whole.substr(0, end) + std::string(kRest) + "\"";
}

// A name of 255 control bytes still fits whole.
constexpr std::size_t kCredential = 1530, kExe = 400, kRepo = 220, kWorkflow = 300, kRunner = 300, kScope = 420,
                      kReason = 120;

}  // namespace

std::string_view action_word(AuditAction action) {
  switch (action) {
    case AuditAction::kStore:
      return "store";
    case AuditAction::kGranted:
      return "access_granted";
    case AuditAction::kDenied:
      return "access_denied";
    case AuditAction::kError:
      return "access_error";
    case AuditAction::kRotate:
      return "rotate";
    case AuditAction::kDelete:
      return "delete";
    case AuditAction::kCleanup:
      return "cleanup";
    case AuditAction::kCommitted:
      break;
  }
  return "committed";
}

std::string details_of(const AuditEvent& event, std::uint64_t suppressed) {
  JsonLine details;
  details.raw("repo", quoted(event.repo, kRepo))
      .raw("workflow", quoted(event.workflow, kWorkflow))
      .raw("runner_id", quoted(event.runner_id, kRunner))
      .raw("reason", quoted(event.reason, kReason));
  if (!event.scope.empty()) details.raw("scope", quoted(event.scope, kScope));
  if (suppressed > 0) details.number("suppressed", suppressed);
  return details.str();
}

std::string rest_of_line(const Said& said, const Accessor& accessor, double wall, std::string_view boot_id) {
  JsonLine line;
  line.text("timestamp", rfc3339(wall))
      .text("boot", boot_id)
      .text("action", said.action)
      .raw("credential", quoted(said.credential, kCredential))
      .raw("details", said.details)
      .number("lease", std::uint64_t{0})
      .number("gen", said.generation)
      .number("uid", std::uint64_t{accessor.uid})
      .number("gid", std::uint64_t{accessor.gid})
      .number("pid", std::int64_t{accessor.pid})
      .raw("exe", quoted(accessor.exe, kExe));
  if (!accessor.exe.empty()) line.raw("claimed", R"(["exe"])");
  std::string text = line.str();
  text.front() = ',';
  text.pop_back();
  return text;
}

}  // namespace rfs::audit
