#include "crypto/record_key.h"

#include <algorithm>

#include "crypto/hash.h"
#include "crypto/kdf.h"

namespace rfs {

DerivedRecordKey derive_record_key(const SecretBytes& record_key, BytesView header_start, BytesView salt,
                                   BytesView identity) {
  Digest context = Sha256().update(view("runnerfs/v1/identity")).update(identity).finish();
  Bytes info;
  append(info, "runnerfs/v1/record");
  append(info, header_start);
  append(info, BytesView(context));
  SecretBytes both = hkdf(record_key.reveal(), salt, info, 64);
  DerivedRecordKey out{SecretBytes::copy_of(both.reveal().first(32)), {}};
  std::copy_n(both.reveal().begin() + 32, 32, out.commit.begin());
  return out;
}

AeadNonce stream_nonce(std::uint32_t index, bool last) {
  AeadNonce nonce{};
  for (int i = 0; i < 4; ++i) nonce[7 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(index >> (24 - 8 * i));
  nonce[11] = last ? 1 : 0;
  return nonce;
}

}  // namespace rfs
