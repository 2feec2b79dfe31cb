#include <fmt/format.h>

#include <cstdlib>

#include "backends/secrets/audit_verify.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/audit.h"
#include "cli/message.h"
#include "cli/value.h"

namespace rfs {
namespace {

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string as_json(const AuditVerdict& verdict) {
  JsonLine line;
  line.boolean("whole", !verdict.fault)
      .number("files", verdict.files)
      .number("lines", verdict.lines)
      .number("first", verdict.first_seq)
      .number("last", verdict.last_seq)
      .text("mac", verdict.lines > 0 ? hex(verdict.last_mac) : "")
      .number("recovered", verdict.recovered)
      .number("torn_bytes", verdict.torn_bytes)
      .boolean("forgery_checked", verdict.forgery_checked)
      .boolean("end_checked", verdict.end_checked);
  return line.str() + "\n";
}

std::string as_text(const AuditVerdict& verdict, bool anchored) {
  std::string out = fmt::format("whole: {} in {}", plural(verdict.lines, "line"), plural(verdict.files, "file"));
  if (verdict.lines > 0) out += fmt::format(", numbers {} to {}", verdict.first_seq, verdict.last_seq);
  out += "\n";
  if (verdict.first_seq > 1) out += fmt::format("the lines before {} are not here\n", verdict.first_seq);
  if (verdict.recovered > 0) out += plural(verdict.recovered, "torn line") + " accounted for by the log itself\n";
  if (verdict.torn_bytes > 0)
    out += fmt::format("{} at the end of a writer that died\n", plural(verdict.torn_bytes, "byte"));
  out += verdict.forgery_checked ? "checked for damage and forgery\n" : "checked for damage, not for forgery (--key)\n";
  if (!verdict.end_checked) out += "there is no audit.state: whether lines at the end are missing was not checked\n";
  if (!anchored) out += "a cut since the last anchor cannot be seen (--anchor)\n";
  return out;
}

std::string where(const AuditFault& fault) {
  return fault.line == 0 ? fault.file : fmt::format("{} line {}", fault.file, fault.line);
}

}  // namespace

std::string audit_directory(const Given& given) {
  if (given.has("--directory")) return given.get("--directory");
  for (const char* name : {"RUNNERFS_CREDENTIALS_DIRECTORY", "CREDENTIALS_DIR"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return expand_home(value);
  return expand_home("~/.credentials");
}

int run_audit_verify(const Given& given) {
  AuditCheck check{audit_directory(given), nullptr, {}};
  SecretBytes key;
  if (given.has("--key")) {
    auto read = read_audit_key(given.get("--key"));
    if (!read) return report(read.error());
    key = std::move(*read);
    check.owner_key = &key;
  }
  for (const std::string& text : given.every("--anchor")) {
    const auto anchor = parse_anchor(trimmed(text));
    if (!anchor)
      return report({Code::kUsage, fmt::format("--anchor: '{}' is not of the form SEQ:MAC", printable(text)),
                     "`runnerfs audit head` prints one"});
    check.anchors.push_back(*anchor);
  }
  const auto verdict = verify_audit(check);
  if (!verdict) return report(verdict.error());
  if (verdict->fault)
    return report({Code::kTampered, fmt::format("{}: {}", where(*verdict->fault), printable(verdict->fault->why)),
                   "keep the files as they are, and look who could write to them; runnerfs-audit(7)"});
  return print(given.has("--json") ? as_json(*verdict) : as_text(*verdict, !check.anchors.empty()));
}

int run_audit_head(const Given& given) {
  const auto head = head_audit(audit_directory(given));
  return head ? print(anchor_text(*head) + "\n") : report(head.error());
}

}  // namespace rfs
