#include "backends/codeql/writer.h"

#include <algorithm>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace rfs::codeql {
namespace {

Bytes signed_bytes(const Manifest& manifest, const std::string& digest) {
  Manifest plain = manifest;
  plain.trust.clear();
  plain.signature.reset();
  Bytes out;
  append(out, view("runnerfs/codeql-writer/1"));
  append_lp(out, sha256(view(manifest_json(plain))));
  append_lp(out, unhex(digest).value_or(Bytes()));
  append_be(out, static_cast<std::uint64_t>(manifest.signature ? manifest.signature->at : 0));
  return out;
}

}  // namespace

std::string writer_text(const Ed25519Public& key) { return base64(key); }

Result<Ed25519Public> parse_writer(std::string_view text) {
  const auto bytes = unbase64(trimmed(text));
  Ed25519Public out;
  if (!bytes || bytes->size() != out.size())
    return fail(Code::kInvalid, "this is no public key of a writer", "`runnerfs codeql keygen FILE` prints one");
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

void sign_scan(Manifest& manifest, const std::string& digest, const SigningKey& key, double now) {
  manifest.signature = Manifest::Signature{writer_text(key.public_key()), "", static_cast<std::int64_t>(now * 1000)};
  manifest.signature->value = base64(key.sign(signed_bytes(manifest, digest)));
}

bool is_signed_by(const Manifest& manifest, const std::string& digest, std::span<const Ed25519Public> writers) {
  if (!manifest.signature || digest.size() != 64) return false;
  const auto by = parse_writer(manifest.signature->writer);
  if (!by || std::find(writers.begin(), writers.end(), *by) == writers.end()) return false;
  const auto value = unbase64(manifest.signature->value);
  return value && ed25519_verify(*by, signed_bytes(manifest, digest), *value);
}

}  // namespace rfs::codeql
