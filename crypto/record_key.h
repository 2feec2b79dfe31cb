// The keys of one record, B.1 of the format: key ‖ commit from the record key, the header and the identity.
#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"

namespace rfs {

struct DerivedRecordKey {
  SecretBytes key;  // 32
  std::array<std::uint8_t, 32> commit;
};

// REQUIRES: header_start is the 12 bytes before the salt; salt is 32 bytes.
DerivedRecordKey derive_record_key(const SecretBytes& record_key, BytesView header_start, BytesView salt,
                                   BytesView identity);

// 0^7 ‖ u32 index ‖ last: STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015).
AeadNonce stream_nonce(std::uint32_t index, bool last);

}  // namespace rfs
