#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "backends/secrets/audit_verify.h"
#include "backends/secrets/credential_store.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/time.h"
#include "cli/audit.h"
#include "cli/config.h"
#include "cli/harden.h"
#include "cli/keys.h"
#include "cli/message.h"
#include "cli/secrets_env.h"
#include "cli/value.h"

namespace rfs {
namespace {

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string as_json(const AuditVerdict& verdict, const std::string& unasked) {
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
      .boolean("end_checked", verdict.end_checked)
      .boolean("store_asked", unasked.empty());
  return line.str() + "\n";
}

std::string as_text(const AuditVerdict& verdict, const std::vector<AuditAnchor>& anchors, const std::string& unasked) {
  std::string out = fmt::format("whole: {} in {}", plural(verdict.lines, "line"), plural(verdict.files, "file"));
  if (verdict.lines > 0) out += fmt::format(", numbers {} to {}", verdict.first_seq, verdict.last_seq);
  out += "\n";
  if (verdict.first_seq > 1) out += fmt::format("the lines before {} are not here\n", verdict.first_seq);
  if (verdict.recovered > 0) out += plural(verdict.recovered, "torn line") + " accounted for by the log itself\n";
  if (verdict.torn_bytes > 0)
    out += fmt::format("{} at the end of a writer that died\n", plural(verdict.torn_bytes, "byte"));
  out += verdict.forgery_checked ? "checked for damage and forgery\n" : "checked for damage, not for forgery (--key)\n";
  if (!verdict.end_checked) out += "there is no audit.state: whether lines at the end are missing was not checked\n";
  if (!unasked.empty()) out += fmt::format("the credentials store was not asked: {}\n", unasked);
  std::uint64_t last = 0;
  for (const AuditAnchor& anchor : anchors) last = std::max(last, anchor.seq);
  if (last == 0) return out + "there is no anchor: a cut and a log written anew cannot be seen (--anchor)\n";
  out += fmt::format("anchored up to line {}", last);
  out += last < verdict.last_seq ? ": a cut or forgery after it cannot be seen (--anchor)\n" : "\n";
  return out;
}

std::string where(const AuditFault& fault) {
  return fault.line == 0 ? fault.file : fmt::format("{} line {}", fault.file, fault.line);
}

}  // namespace

Result<std::string> audit_directory(const Given& given) {
  if (given.has("--directory")) return given.get("--directory");
  TRY_ASSIGN(const Configuration configuration, load_configuration(present_sources(given.settings)));
  return configuration.settings.credentials_directory;
}

Result<std::optional<AuditAnchor>> root_anchor() {
  const ConfigSources sources = present_sources({});
  TRY_ASSIGN(const Configuration configuration, load_configuration(sources));
  const std::string& directory = configuration.settings.credentials_directory;
  TRY_ASSIGN(const bool there, is_there(directory + "/credentials.db"));
  if (!there) return std::nullopt;
  KeySource source(key_source_options(configuration.settings, sources.environment));
  TRY_ASSIGN(const std::optional<KeySourceKind> kind, source.recorded());
  if (!kind) return fail(Code::kNoKey, "nothing says where its key is");
  TRY_ASSIGN(const RootKey key, source.load(*kind));
  secrets::CredentialStore::Options options;
  options.directory = directory;
  bool made = false;
  TRY_ASSIGN(const auto store, secrets::CredentialStore::open(options, key.bytes, SystemClock().wall(), made));
  const secrets::RootState root = store->root();
  if (root.audit_seq == 0) return std::nullopt;
  return AuditAnchor{root.audit_seq, root.audit_mac};
}

int run_audit_verify(const Given& given) {
  take_secrets();
  harden();
  const auto directory = audit_directory(given);
  if (!directory) return report(directory.error());
  AuditCheck check{*directory, nullptr, {}};
  SecretBytes key;
  if (given.has("--key")) {
    auto read = audit_key_from(given.get("--key"), *directory);
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
  // A log that was moved here is not the one that the store of this machine knows.
  std::string unasked = given.has("--directory") ? "of a log elsewhere" : "";
  if (unasked.empty()) {
    auto root = root_anchor();
    if (root && *root) check.anchors.push_back(**root);
    if (root && !*root) unasked = "no store has seen this log";
    if (!root) unasked = root.error().message;
  }
  const auto verdict = verify_audit(check);
  if (!verdict) return report(verdict.error());
  if (verdict->fault)
    return report({Code::kTampered, fmt::format("{}: {}", where(*verdict->fault), printable(verdict->fault->why)),
                   "keep the files as they are, and look who could write to them; runnerfs-audit(7)"});
  return print(given.has("--json") ? as_json(*verdict, unasked) : as_text(*verdict, check.anchors, unasked));
}

int run_audit_head(const Given& given) {
  const auto directory = audit_directory(given);
  if (!directory) return report(directory.error());
  const auto head = head_audit(*directory);
  return head ? print(anchor_text(*head) + "\n") : report(head.error());
}

}  // namespace rfs
