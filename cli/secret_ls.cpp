#include <fmt/format.h>

#include "base/json.h"
#include "base/time.h"
#include "cli/message.h"
#include "cli/secret.h"
#include "cli/value.h"

namespace rfs {
namespace {

std::uint64_t number(const std::string& text) { return parse_whole(text).value_or(0); }

std::string json_of(const SecretRow& one) {
  JsonLine line;
  line.text("name", one.name).text("scope", one.scope);
  if (!one.filter.empty()) line.text("scope_filter", one.filter);
  line.number("size", one.size).number("version", number(one.version));
  line.text("created", rfc3339(static_cast<double>(number(one.created))));
  if (!one.expires.empty()) line.text("expires", rfc3339(static_cast<double>(number(one.expires))));
  if (!one.ttl.empty()) line.raw("ttl", one.ttl);
  return line.str() + "\n";
}

std::string text_of(const SecretRow& one, std::size_t width) {
  const std::string expires =
      one.expires.empty() ? "never" : rfc3339(static_cast<double>(number(one.expires))).substr(0, 16);
  return fmt::format("{:<{}}  {:<16}  v{:<4} {:>8}  {}{}{}\n", printable(one.name), width, expires, one.version,
                     one.size, one.scope, one.filter.empty() ? "" : ":", printable(one.filter));
}

}  // namespace

int run_secret_ls(const Given& given) {
  if (given.has("--all") && (given.has("--scope") || given.has("--filter")))
    return report({Code::kUsage, "--all and --scope contradict each other", "give one of them"});
  auto reach = reach_secrets(given);
  if (!reach) return report(reach.error());
  Access& access = (*reach)->access();
  const auto directory = given.has("--all") ? Result<std::string>("secrets/.scopes")
                                            : scope_path(access, given.get("--scope"), given.get("--filter"));
  if (!directory) return report(directory.error());
  const auto listed = list_secrets(access, *directory, given.has("--all"));
  if (!listed) return report(listed.error());
  std::size_t width = 8;
  for (const SecretRow& one : *listed) width = std::max(width, one.name.size());
  std::string out;
  for (const SecretRow& one : *listed) out += given.has("--json") ? json_of(one) : text_of(one, width);
  return print(out);
}

}  // namespace rfs
