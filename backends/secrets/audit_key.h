// The first key of an audit log, A_0, which its owner checks it with, as text; and for an owner who is not there when
// the log is made: sealed to a public key of the owner, in audit.seal beside the log (libsodium's sealed box: X25519,
// XSalsa20-Poly1305). runnerfs-audit(7). Any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace rfs {

// `runnerfs-audit-key-v1 <base64 of 32 bytes>\n`.
SecretBytes audit_key_text(const SecretBytes& key);

using AuditPublicKey = std::array<std::uint8_t, 32>;

struct AuditOwner {
  SecretBytes secret;  // 32, X25519
  AuditPublicKey public_key{};
};
AuditOwner make_audit_owner();

// Base64 of 32 bytes, as `audit.owner` of the configuration has it.
std::string audit_public_text(const AuditPublicKey& key);
std::optional<AuditPublicKey> parse_audit_public(std::string_view text);
// The secret half as text: `runnerfs-audit-owner-v1 <base64 of 32 bytes>\n`.
SecretBytes audit_owner_text(const SecretBytes& secret);

// Writes audit.seal, whole or not at all.
Result<> seal_audit_key(const std::string& directory, const AuditPublicKey& owner, const SecretBytes& key);

// The key A_0 from a file that holds it, or from one that holds the owner's secret half, with the audit.seal of
// `directory`. kNoKey: the file holds neither, or audit.seal is another owner's; kNotFound: a file is not there.
Result<SecretBytes> audit_key_from(const std::string& path, const std::string& directory);

}  // namespace rfs
