// The plaintext of a RING record, B.2 of the format: u32 current ‖ L[32] ‖ u16 n ‖ n × (u32 term ‖ M[32] ‖ u64 created
// ‖ u64 retired). Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace rfs {

struct RingTerm {
  std::uint32_t term = 0;  // from 1
  SecretBytes key;         // M
  std::uint64_t created = 0;
  std::uint64_t retired = 0;  // 0: the current one
};

struct RingPlaintext {
  std::uint32_t current = 0;
  SecretBytes lasting;          // L
  std::vector<RingTerm> terms;  // ascending
};

SecretBytes encode_ring(const RingPlaintext& ring);
// kTampered for all but exactly that form: terms ascending from 1 on, the current one among them.
Result<RingPlaintext> decode_ring(BytesView plaintext);

}  // namespace rfs
