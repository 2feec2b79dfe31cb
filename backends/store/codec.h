// Codec: an entry's facts ↔ its sealed META record, and the ids of its rows. runnerfs-formats(7), "META".
// Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backends/entry.h"
#include "base/result.h"
#include "crypto/key_ring.h"
#include "crypto/record.h"

namespace rfs::store {

// A body that is not inline. Its header binds it to the META that holds it.
struct BodyRef {
  Id16 id{};
  RecordHeader header{};
  // Header of the record that holds the chunk lengths: set when the body is a file of objects/, else it is rows.
  std::optional<RecordHeader> index;
};

// The plaintext of a META record: all of an entry but a body that is not inline.
struct MetaRecord {
  EntryKey key;
  Meta meta;
  std::uint64_t raw_len = 0;
  Digest sha256{};
  // Exactly one of them; none where the body follows elsewhere.
  std::optional<std::string> inline_body;
  std::optional<BodyRef> body;
};

// Bodies up to this size are inline.
inline constexpr std::size_t kInlineMost = 4'096;
// Longer bodies have no chunk number.
inline constexpr std::uint64_t kBodyMost = (std::uint64_t{1} << 32) * kChunk;

// REQUIRES: an inline body is at most kInlineMost bytes.
Bytes encode_meta(const MetaRecord& record);
// kTampered for everything that encode_meta cannot have written, but for unknown tags from 0x80 on.
Result<MetaRecord> decode_meta(BytesView plaintext);
// The same where the body follows elsewhere (a snapshot): neither an inline body nor a reference to one.
Result<MetaRecord> decode_meta_alone(BytesView plaintext);

Result<Bytes> seal_meta(const KeyRing& ring, const Digest& id, const MetaRecord& record);
Result<MetaRecord> open_meta(const KeyRing& ring, const Digest& id, BytesView sealed);

// The record of a directory: its name alone.
Result<Bytes> seal_directory(const KeyRing& ring, const Digest& id, const std::string& name);
Result<std::string> open_directory(const KeyRing& ring, const Digest& id, BytesView sealed);

// The identity that a record of kind BODY is bound to.
Bytes body_identity(const KeyRing& ring, const Id16& body_id);

Digest entry_id(const KeyRing& ring, const EntryKey& key);
// What is directly below a directory of a space, as one partition and class see it; only these three of `key` count.
Digest directory_id(const KeyRing& ring, const EntryKey& key, const std::string& directory);
// HMAC(K_lookup, u8 2 ‖ sha256): finds a body of the same bytes without saying which bytes.
Digest body_digest(const KeyRing& ring, const Digest& sha256);

// "api/repos/octo/hello.json": as the user sees it.
std::string shown_path(const EntryKey& key);

}  // namespace rfs::store
