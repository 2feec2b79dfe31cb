#include "backends/secrets/root_record.h"

#include <algorithm>

#include "crypto/kdf.h"
#include "crypto/record.h"

namespace rfs::secrets {

namespace {

constexpr std::size_t kSize = 8 + 8 + 32 + 8 + 8 + 32;

Bytes identity_of(const KeyRing& ring) {
  Bytes identity;
  append_lp(identity, BytesView(ring.store_id()));
  return identity;
}

Digest digest_at(BytesView bytes, std::size_t at) {
  Digest out;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
  return out;
}

}  // namespace

Result<Bytes> seal_root(const KeyRing& ring, const RootState& state) {
  Bytes plaintext;
  append_be(plaintext, state.generation);
  append_be(plaintext, state.count);
  append(plaintext, BytesView(state.acc));
  append_be(plaintext, state.clock_high_water);
  append_be(plaintext, state.audit_seq);
  append(plaintext, BytesView(state.audit_mac));
  TRY_ASSIGN(const SecretBytes* key, ring.record_key(ring.current_term(), RecordKind::kRoot));
  return seal_record(*key, RecordKind::kRoot, ring.current_term(), identity_of(ring), plaintext);
}

Result<RootState> open_root(const KeyRing& ring, BytesView record) {
  if (record.size() != kHeaderSize + kSize + kTag)
    return fail(Code::kTampered, "the root record of the credentials is of the wrong length");
  TRY_ASSIGN(HeaderFields fields, parse_header(record.first(kHeaderSize)));
  TRY_ASSIGN(const SecretBytes* key, ring.record_key(fields.term, RecordKind::kRoot));
  TRY_ASSIGN(Bytes plaintext, open_record(*key, RecordKind::kRoot, record, identity_of(ring)));
  RootState state;
  const BytesView all(plaintext);
  state.generation = read_be<std::uint64_t>(all);
  state.count = read_be<std::uint64_t>(all.subspan(8));
  state.acc = digest_at(all, 16);
  state.clock_high_water = read_be<std::uint64_t>(all.subspan(48));
  state.audit_seq = read_be<std::uint64_t>(all.subspan(56));
  state.audit_mac = digest_at(all, 64);
  return state;
}

Digest row_mark(const KeyRing& ring, const Digest& id, const Digest& parent, std::uint64_t version,
                const Digest& commit) {
  Bytes number;
  append_be(number, version);
  return hmac_sha256(ring.acc_key().reveal(), {BytesView(id), BytesView(parent), BytesView(number), BytesView(commit)});
}

void xor_into(Digest& acc, const Digest& mark) {
  for (std::size_t i = 0; i < acc.size(); ++i) acc[i] = static_cast<std::uint8_t>(acc[i] ^ mark[i]);
}

}  // namespace rfs::secrets
