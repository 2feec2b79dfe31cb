// The word of a writer: an Ed25519 signature (RFC 8032) over a result and the manifest of its scan, by a key that the
// owner of a fleet gave to jobs that he trusts. It is believed whatever way the result came, by whoever was told the
// public half outside of any checkout. Pure; any thread.
//
// Signed are the bytes  "runnerfs/codeql-writer/1" ‖ lp(SHA-256 of the manifest) ‖ lp(SHA-256 of the SARIF) ‖ u64 at,
// the manifest being its JSON (key.h) without trust and signature, at milliseconds since 1970. runnerfs-formats(7).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backends/codeql/key.h"
#include "crypto/signature.h"

namespace rfs::codeql {

inline constexpr std::string_view kWriterKeyMark = "runnerfs-writer-key-v1 ";  // of the secret half's file: key_text.h

// The public half as text, base64; kInvalid for what is none.
std::string writer_text(const Ed25519Public& key);
Result<Ed25519Public> parse_writer(std::string_view text);

// Sets manifest.signature. digest: SHA-256 of the SARIF, hex; now: wall seconds.
void sign_scan(Manifest& manifest, const std::string& digest, const SigningKey& key, double now);
// Whether the manifest is signed for this SARIF by one of the writers.
bool is_signed_by(const Manifest& manifest, const std::string& digest, std::span<const Ed25519Public> writers);

}  // namespace rfs::codeql
