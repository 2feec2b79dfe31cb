// The JSON of an import: the array of inject-credentials, and the store of the Python implementation.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/secrets/vault.h"
#include "base/duration.h"
#include "base/encode.h"
#include "base/json.h"
#include "cli/secret_import.h"
#include "cli/value.h"
#include "crypto/aead.h"

namespace rfs {
namespace {

using Json = nlohmann::json;

tl::unexpected<Error> wrong(std::size_t index, std::string_view why) {
  return fail(Code::kInvalid, fmt::format("credential {}: {}", index + 1, why),
              "an array of {\"name\", \"value\", \"scope\", \"scope_filter\", \"ttl_hours\"}");
}

// Absent and null are "".
Result<std::string> text_of(const Json& object, const char* name, std::size_t index) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::string();
  if (!found->is_string()) return wrong(index, fmt::format("{} is no text", name));
  return found->get<std::string>();
}

Result<std::string> ttl_of(const Json& object, std::size_t index) {
  if (const auto hours = object.find("ttl_hours"); hours != object.end() && !hours->is_null()) {
    if (!hours->is_number() || !(hours->get<double>() > 0)) return wrong(index, "ttl_hours is no number above zero");
    return duration_text(hours->get<double>() * 3600);
  }
  const auto ttl = object.find("ttl");
  if (ttl != object.end() && ttl->is_number()) return duration_text(ttl->get<double>());
  return text_of(object, "ttl", index);
}

Result<ImportedValue> value_of(const Json& object, std::size_t index, Imports& out) {
  if (const auto value = object.find("value"); value != object.end()) {
    if (!value->is_string()) return wrong(index, "value is no text");
    return out.keep(view(value->get_ref<const std::string&>()));
  }
  const auto encoded = object.find("value_base64");
  if (encoded == object.end() || !encoded->is_string()) return wrong(index, "there is no value");
  auto bytes = unbase64(encoded->get_ref<const std::string&>());
  if (!bytes) return wrong(index, "value_base64 is no base64");
  const ImportedValue kept = out.keep(*bytes);
  std::fill(bytes->begin(), bytes->end(), std::uint8_t{0});
  return kept;
}

Result<Imported> element(const Json& object, std::size_t index, Imports& all) {
  if (!object.is_object()) return wrong(index, "it is no object");
  Imported out;
  TRY_ASSIGN(out.name, text_of(object, "name", index));
  if (out.name.empty()) return wrong(index, "there is no name");
  TRY_ASSIGN(out.scope, text_of(object, "scope", index));
  TRY_ASSIGN(out.filter, text_of(object, "scope_filter", index));
  TRY_ASSIGN(out.ttl, ttl_of(object, index));
  const auto value = object.find("value");
  out.null = value != object.end() && value->is_null();
  if (!out.null) {
    TRY_ASSIGN(out.value, value_of(object, index, all));
  }
  const auto untrusted = object.find("allow_untrusted");
  out.allow_untrusted = untrusted != object.end() && untrusted->is_boolean() && untrusted->get<bool>();
  return out;
}

// nonce ‖ ciphertext ‖ tag, without associated data.
Result<SecretBytes> opened(BytesView key, BytesView sealed) {
  if (sealed.size() < kAeadNonce + kAeadTag) return fail(Code::kTampered, "the file is cut off");
  AeadNonce nonce{};
  std::copy_n(sealed.begin(), kAeadNonce, nonce.begin());
  SecretBytes out(sealed.size() - kAeadNonce - kAeadTag);
  if (!aead_open(key, nonce, {}, sealed.subspan(kAeadNonce), out.reveal_mutable()))
    return fail(Code::kNoKey, "the file does not open with this key", "give its .master_key, or find it damaged");
  return out;
}

}  // namespace

ImportedValue Imports::keep(BytesView value) {
  constexpr std::size_t kBlock = 256u << 10;
  if (blocks_.empty() || blocks_.back().size() - used_ < value.size()) {
    blocks_.emplace_back(std::max(kBlock, value.size()));
    used_ = 0;
  }
  const MutableBytes to = blocks_.back().reveal_mutable().subspan(used_, value.size());
  std::copy(value.begin(), value.end(), to.begin());
  used_ += value.size();
  return ImportedValue(to);
}

Result<Imports> parse_import(const SecretBytes& json) {
  const auto document = parse_json(json.reveal_text());
  if (!document)
    return fail(Code::kInvalid, fmt::format("this is no JSON, from byte {} on", document.error().position),
                "an array of {\"name\", \"value\", …}", document.error().position);
  if (!document->is_array())
    return fail(Code::kInvalid, "this is no array of credentials", "[{\"name\": \"API_KEY\", \"value\": \"…\"}]");
  Imports out;
  for (const Json& one : *document) {
    TRY_ASSIGN(Imported made, element(one, out.size(), out));
    out.add(std::move(made));
  }
  return out;
}

Result<Imports> parse_reference_store(BytesView file, const SecretBytes& master_key, double now, std::size_t& expired) {
  auto raw = unbase64(trimmed(master_key.reveal_text()));
  if (!raw || raw->size() != kAeadKey)
    return fail(Code::kNoKey, "the key file does not hold a key of 32 bytes in base64", "name its .master_key");
  const SecretBytes key = SecretBytes::copy_of(*raw);
  std::fill(raw->begin(), raw->end(), std::uint8_t{0});
  TRY_ASSIGN(const SecretBytes text, opened(key.reveal(), file));
  TRY_ASSIGN(const Json document, parse_json(text.reveal_text()));
  if (!document.is_object()) return fail(Code::kInvalid, "the file holds no credentials");
  Imports out;
  std::size_t index = 0;
  for (const auto& [name, one] : document.items()) {
    if (!one.is_object()) return wrong(index, "it is no object");
    Imported made;
    made.name = name;
    TRY_ASSIGN(made.scope, text_of(one, "scope", index));
    TRY_ASSIGN(made.filter, text_of(one, "scope_filter", index));
    TRY_ASSIGN(const std::string sealed, text_of(one, "encrypted_value", index));
    const auto bytes = unbase64(sealed);
    if (!bytes) return wrong(index, "encrypted_value is no base64");
    TRY_ASSIGN(const SecretBytes value, opened(key.reveal(), *bytes));
    made.value = out.keep(value.reveal());
    ++index;
    const auto end = one.find("expires_at");
    if (end != one.end() && end->is_number()) {
      const double left = end->get<double>() - now;
      if (left <= 0) {
        ++expired;
        continue;
      }
      made.ttl = duration_text(std::min(left, Vault::kLongestTtl));
    }
    out.add(std::move(made));
  }
  return out;
}

}  // namespace rfs
