#include "backends/secrets/audit_key.h"

#include <sodium.h>

#include <algorithm>

#include "base/encode.h"
#include "base/file.h"
#include "crypto/key_text.h"

namespace rfs {
namespace {

constexpr std::size_t kKeyBytes = 32, kSealBytes = kKeyBytes + crypto_box_SEALBYTES;
constexpr std::string_view kKeyMark = "runnerfs-audit-key-v1 ";
constexpr std::string_view kSealMark = "runnerfs-audit-seal-v1 ";
constexpr std::string_view kOwnerMark = "runnerfs-audit-owner-v1 ";

AuditPublicKey public_of(const SecretBytes& secret) {
  AuditPublicKey out{};
  crypto_scalarmult_base(out.data(), secret.reveal().data());
  return out;
}

Result<SecretBytes> open_seal(const std::string& directory, const SecretBytes& secret) {
  TRY_ASSIGN(const std::string content, read_file(directory + "/audit.seal", 256));
  std::string_view line = content;
  if (line.ends_with('\n')) line.remove_suffix(1);
  std::optional<Bytes> sealed;
  if (line.starts_with(kSealMark)) sealed = unbase64(line.substr(kSealMark.size()));
  if (!sealed || sealed->size() != kSealBytes)
    return fail(Code::kNoKey, directory + "/audit.seal is damaged", "bring back a copy of it");
  const AuditPublicKey own = public_of(secret);
  SecretBytes key(kKeyBytes);
  if (crypto_box_seal_open(key.reveal_mutable().data(), sealed->data(), sealed->size(), own.data(),
                           secret.reveal().data()) != 0)
    return fail(Code::kNoKey, "audit.seal is sealed to another owner, or damaged",
                "take the key file whose public half was audit.owner when the log was made");
  return key;
}

}  // namespace

AuditOwner make_audit_owner() {
  AuditOwner out;
  out.secret = SecretBytes::random(kKeyBytes);
  out.public_key = public_of(out.secret);
  return out;
}

std::string audit_public_text(const AuditPublicKey& key) { return base64(key); }

std::optional<AuditPublicKey> parse_audit_public(std::string_view text) {
  const auto bytes = unbase64(text);
  if (!bytes || bytes->size() != kKeyBytes) return std::nullopt;
  AuditPublicKey out{};
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

SecretBytes audit_owner_text(const SecretBytes& secret) { return key_to_text(secret, kOwnerMark); }

Result<> seal_audit_key(const std::string& directory, const AuditPublicKey& owner, const SecretBytes& key) {
  Bytes sealed(kSealBytes);
  if (crypto_box_seal(sealed.data(), key.reveal().data(), key.size(), owner.data()) != 0)
    return fail(Code::kInvalid, "the owner's public key is none that can be sealed to",
                "make another one with `runnerfs audit keygen`");
  return replace_file(directory + "/audit.seal", std::string(kSealMark) + base64(sealed) + "\n", 0600);
}

SecretBytes audit_key_text(const SecretBytes& key) { return key_to_text(key, kKeyMark); }

Result<SecretBytes> audit_key_from(const std::string& path, const std::string& directory) {
  TRY_ASSIGN(std::string text, read_file(path, kKeyTextMost));
  const SecretBytes held = SecretBytes::copy_of(text);
  sodium_memzero(text.data(), text.size());
  if (auto key = key_from_text(held.reveal(), kKeyMark)) return key;
  if (auto owner = key_from_text(held.reveal(), kOwnerMark)) return open_seal(directory, *owner);
  return fail(Code::kNoKey, path + " does not hold the key of an audit log",
              "it is one line: what `runnerfs init` printed, or what `runnerfs audit keygen` wrote");
}

}  // namespace rfs
