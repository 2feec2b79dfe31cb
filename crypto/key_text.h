// The root key as text, in its file, its keyring item and its systemd credential:
// `runnerfs-root-key-v1 <base64 of 32 bytes>\n`. Pure functions.
#pragma once

#include "base/result.h"
#include "base/secret.h"

namespace rfs {

inline constexpr std::size_t kKeyTextMost = 128;  // longer ones need not be read

SecretBytes key_to_text(const SecretBytes& key);
// The final newline may be missing, nothing else. kNoKey for all other texts; no byte of them is in the message.
Result<SecretBytes> key_from_text(BytesView text);

}  // namespace rfs
