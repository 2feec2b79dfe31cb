// ROOT: what a store of credentials as a whole is, sealed: so that a row that was removed, added or put back is
// noticed. runnerfs-formats(7), "ROOT". Pure functions, any thread.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key_ring.h"

namespace rfs::secrets {

struct RootState {
  std::uint64_t generation = 0;        // one more at each commit
  std::uint64_t count = 0;             // rows
  Digest acc{};                        // XOR of the marks of all rows
  std::uint64_t clock_high_water = 0;  // milliseconds since 1970: the latest time that was seen
  std::uint64_t audit_seq = 0;         // the audit log's head when this was written
  Digest audit_mac{};
};

Result<Bytes> seal_root(const KeyRing& ring, const RootState& state);
// kTampered for all but exactly that; kNoKey for a term that this ring does not hold.
Result<RootState> open_root(const KeyRing& ring, BytesView record);

// HMAC(K_acc, id ‖ parent ‖ u64 version ‖ commit): what one row adds to acc, and what takes it away again.
Digest row_mark(const KeyRing& ring, const Digest& id, const Digest& parent, std::uint64_t version,
                const Digest& commit);
void xor_into(Digest& acc, const Digest& mark);

}  // namespace rfs::secrets
