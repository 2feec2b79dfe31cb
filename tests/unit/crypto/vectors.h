// What the tests of sealed records share: bytes from hexadecimal, and the store of runnerfs-formats(7), "Vectors".
#pragma once

#include <memory>
#include <string_view>

#include "base/encode.h"
#include "crypto/kdf.h"
#include "crypto/key_ring.h"
#include "crypto/ring_plaintext.h"
#include "tests/catch.h"

namespace rfs::test {

inline Bytes from_hex(std::string_view digits) {
  auto bytes = unhex(digits);
  REQUIRE(bytes);
  return *bytes;
}

inline Bytes counting(std::uint8_t first, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

inline SecretBytes root_key() { return SecretBytes::copy_of(counting(0, 32)); }
inline Id16 store_id() {
  Id16 id;
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(0x40 + i);
  return id;
}
inline Bytes salt() { return counting(0x80, 32); }

inline SecretBytes repeated(std::uint8_t byte) { return SecretBytes::copy_of(Bytes(32, byte)); }

// The RING record of the vectors' store: M_1 = a5…, L = 5a….
inline Bytes vector_ring() {
  RingPlaintext ring;
  ring.current = 1;
  ring.lasting = repeated(0x5a);
  ring.terms.push_back({1, repeated(0xa5), 0, 0});
  Bytes identity;
  append_lp(identity, BytesView(store_id()));
  SecretBytes kek = hkdf(root_key().reveal(), store_id(), view("runnerfs/v1/ring"));
  auto sealed = seal_record(kek, RecordKind::kRing, 0, identity, encode_ring(ring).reveal());
  REQUIRE(sealed);
  return *sealed;
}

inline std::unique_ptr<KeyRing> vector_key_ring() {
  auto ring = KeyRing::open(store_id(), root_key(), vector_ring());
  REQUIRE(ring);
  return std::move(*ring);
}

// lp(store_id) lp(id) lp(u64 version).
inline Bytes secret_identity(BytesView id, std::uint64_t version) {
  Bytes identity, number;
  append_be(number, version);
  append_lp(identity, BytesView(store_id()));
  append_lp(identity, id);
  append_lp(identity, BytesView(number));
  return identity;
}

}  // namespace rfs::test
