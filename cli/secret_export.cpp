// secret export: what `secret import -` takes, values in clear.
#include <unistd.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/json_text.h"
#include "cli/message.h"
#include "cli/secret.h"

namespace rfs {
namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string json_of(const SecretRow& one, const SecretBytes& value) {
  JsonLine line;
  line.text("name", one.name).text("scope", one.scope);
  if (!one.filter.empty()) line.text("scope_filter", one.filter);
  if (!one.ttl.empty()) line.raw("ttl", one.ttl);
  if (is_utf8(value.reveal_text()))
    line.text("value", value.reveal_text());
  else
    line.text("value_base64", base64(value.reveal()));
  return line.str();
}

}  // namespace

int run_secret_export(const Given& given) {
  if (::isatty(STDOUT_FILENO) == 1 && !given.has("--show"))
    return report({Code::kUsage, "stdout is a terminal, which keeps what it shows", "pipe it, or say --show"});
  auto reach = reach_secrets(given);
  if (!reach) return report(reach.error());
  Access& access = (*reach)->access();
  const auto directory = scope_path(access, given.get("--scope"), given.get("--filter"));
  if (!directory) return report(directory.error());
  const auto listed = list_secrets(access, *directory, false);
  if (!listed) return report(listed.error());
  std::string out = "[";
  for (const SecretRow& one : *listed) {
    const auto value = read_credential(access, one.path);
    if (!value) return report(value.error());
    out += (out.size() > 1 ? ",\n " : "") + json_of(one, *value);
  }
  return print(out + "]\n");
}

}  // namespace rfs
