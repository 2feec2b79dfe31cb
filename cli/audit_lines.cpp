// audit tail, audit export.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "backends/secrets/audit_chain.h"
#include "backends/secrets/audit_verify.h"
#include "base/duration.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/time.h"
#include "cli/audit.h"
#include "cli/message.h"
#include "cli/value.h"

namespace rfs {
namespace {

constexpr auto kLook = std::chrono::milliseconds(200);

// RFC 3339 in UTC, as far as it is given, or how long ago; in the form of the lines, where text order is time order.
Result<std::string> moment(const std::string& flag, const std::string& text) {
  if (const auto ago = parse_duration(text)) return rfc3339(SystemClock().wall() - *ago);
  const bool dated = text.size() >= 10 && text.size() <= 24 && text[4] == '-' && text[7] == '-' &&
                     text.find_first_not_of("0123456789-T:.Z") == std::string::npos;
  if (!dated)
    return fail(Code::kUsage, fmt::format("{}: '{}' is no time", flag, printable(text)),
                "write 2026-01-31T12:00:00Z, or 24h for a day ago");
  return text.ends_with('Z') ? text.substr(0, text.size() - 1) : text;
}

struct Filter {
  std::string since, until, action, credential;

  bool wants(std::string_view line) const {
    const std::string_view time = audit::member_of(line, "timestamp");
    return (since.empty() || time >= since) && (until.empty() || time < until) &&
           (action.empty() || audit::member_of(line, "action") == action) &&
           (credential.empty() || audit::member_of(line, "credential") == credential);
  }
};

Result<bool> print_line(std::string_view line) { return to_stdout(view(printable(line) + "\n")); }

// False: the reader is gone.
Result<bool> print_after(const std::string& directory, std::uint64_t& seq) {
  TRY_ASSIGN(const AuditAnchor head, head_audit(directory));
  if (head.seq <= seq) return true;
  TRY_ASSIGN(const auto lines, tail_audit(directory, std::min<std::uint64_t>(head.seq - seq, 100'000)));
  for (const std::string& line : lines) {
    const auto parsed = audit::parse_line(line);
    if (!parsed || parsed->seq <= seq) continue;
    TRY_ASSIGN(const bool read, print_line(line));
    if (!read) return false;
    seq = parsed->seq;
  }
  return true;
}

}  // namespace

int run_audit_tail(const Given& given) {
  const auto configured = audit_directory(given);
  if (!configured) return report(configured.error());
  const std::string& directory = *configured;
  std::uint64_t count = 10, seq = 0;
  if (given.has("--lines")) {
    const auto number = parse_whole(given.get("--lines"));
    if (!number || *number > 1'000'000)
      return report({Code::kUsage, "-n wants a number of lines up to 1000000", "write -n 20"});
    count = *number;
  }
  const auto lines = tail_audit(directory, count);
  if (!lines) return report(lines.error());
  for (const std::string& line : *lines) {
    const auto printed = print_line(line);
    if (!printed) return report(printed.error());
    if (!*printed) return 0;
    if (const auto parsed = audit::parse_line(line)) seq = parsed->seq;
  }
  if (!given.has("--follow")) return 0;
  for (;;) {
    const auto printed = print_after(directory, seq);
    if (!printed) return report(printed.error());
    if (!*printed) return 0;
    std::this_thread::sleep_for(kLook);
  }
}

int run_audit_export(const Given& given) {
  const auto configured = audit_directory(given);
  if (!configured) return report(configured.error());
  const std::string& directory = *configured;
  Filter filter;
  for (const auto& [flag, into] : {std::pair{"--since", &filter.since}, std::pair{"--until", &filter.until}}) {
    if (!given.has(flag)) continue;
    auto time = moment(flag, given.get(flag));
    if (!time) return report(time.error());
    *into = *time;
  }
  filter.action = given.get("--action");
  if (given.has("--credential")) {
    const std::string quoted = json_quote(given.get("--credential"));
    filter.credential = quoted.substr(1, quoted.size() - 2);
  }
  AuditAnchor head;
  const auto done = read_audit(directory, [&](std::string_view line) -> Result<bool> {
    if (const auto parsed = audit::parse_line(line)) head = {parsed->seq, parsed->mac};
    return filter.wants(line) ? print_line(line) : Result<bool>(true);
  });
  if (!done) return report(done.error());
  if (!given.has("--head")) return 0;
  JsonLine last;
  last.number("seq", head.seq).text("mac", hex(head.mac));
  return print("{\"head\":" + last.str() + "}\n");
}

}  // namespace rfs
