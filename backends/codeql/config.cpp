#include "backends/codeql/config.h"

#include <fmt/format.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace rfs::codeql {
namespace {

constexpr std::size_t kLongest = 200;
constexpr std::string_view kHashed = "sha256-";

bool is_document(std::string_view text) {
  return text.starts_with('{') || text.starts_with('[') || text.starts_with('"');
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  if (text.empty() || !letter(text[0])) return false;
  for (const char c : text)
    if (!letter(c) && c != '.' && c != '-' && c != '_' && c != '+') return false;
  return true;
}

std::string hash_of(std::string_view text) { return hex(sha256(view(text))); }

}  // namespace

Result<std::string> canonical_config(std::string_view text) {
  text = trimmed(text);
  if (is_document(text)) {
    auto canonical = python_text(text);
    if (!canonical) {
      Error error = canonical.error();
      return fail(error.code, "the configuration is no JSON: " + error.message,
                  "give a query suite such as security-extended, or a JSON object", error.position);
    }
    return std::string(kHashed) + hash_of(*canonical);
  }
  if (text.size() > kLongest) return fail(Code::kNameTooLong, "the name of a configuration is longer than 200 bytes");
  if (text.starts_with(kHashed) && !is_hex_of(text.substr(kHashed.size()), 64))
    return fail(Code::kInvalid, "'sha256-' is followed by the 64 hexadecimal digits of a configuration's hash");
  if (!is_name(text) || text == "github")
    return fail(Code::kInvalid, fmt::format("'{}' is neither the name of a query suite nor JSON", text),
                "give a query suite such as security-extended, or a JSON object");
  return std::string(text);
}

std::string config_text(std::string_view text) {
  text = trimmed(text);
  if (!is_document(text)) return std::string(text);
  return python_text(text).value_or(std::string(text));
}

std::string reference_hash(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with(kHashed)) return std::string(text.substr(kHashed.size()));
  if (is_document(text)) return hash_of(config_text(text));
  return hash_of(fmt::format("{{\"queries\": {}}}", json_quote(text)));
}

}  // namespace rfs::codeql
