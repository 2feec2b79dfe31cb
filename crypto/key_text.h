// The root key as text, in its file, its keyring item and its systemd credential:
// `runnerfs-root-key-v1 <base64 of 32 bytes>\n`. Other keys of 32 bytes have a mark of their own. Pure functions.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace rfs {

inline constexpr std::size_t kKeyTextMost = 128;  // longer ones need not be read

inline constexpr std::string_view kRootKeyMark = "runnerfs-root-key-v1 ";

SecretBytes key_to_text(const SecretBytes& key, std::string_view mark = kRootKeyMark);
// The final newline may be missing, nothing else. kNoKey for all other texts; no byte of them is in the message.
Result<SecretBytes> key_from_text(BytesView text, std::string_view mark = kRootKeyMark);

}  // namespace rfs
