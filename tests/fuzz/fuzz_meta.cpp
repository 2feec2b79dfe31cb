// Any bytes as the plaintext of a META record: refused, or decoded to what encodes to the same facts again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "backends/store/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto record = rfs::store::decode_meta({data, size});
  if (!record) return 0;
  rfs::Bytes once = rfs::store::encode_meta(*record);
  auto again = rfs::store::decode_meta(once);
  if (!again || rfs::store::encode_meta(*again) != once) std::abort();
  return 0;
}
