// What a snapshot says of itself before anything of it is believed, and the key that it is sealed under.
// runnerfs-formats(7), "SNAPSHOTS". Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace rfs {

inline constexpr std::uint8_t kSnapshotVersion = 1;

struct SnapshotHead {
  bool sealed = false;
  std::string repository;  // its id in decimal; where that is not known its name, "octo/hello" in lower case
  std::string cls;         // class of trust of the job that made it
  Id16 id{};               // random
};

Bytes encode_head(const SnapshotHead& head);
// kInvalid: not of the form. kUnsupported: of another version of the format.
Result<SnapshotHead> decode_head(BytesView bytes);

// The identity of a part (kind SNAPSHOT).
Bytes snapshot_identity(const SnapshotHead& head, std::uint64_t part);

// P: the fleet secret stretched, under a label of its own. secret: the 32 bytes of an rfs1- secret, or any text.
// Takes about 20 ms.
SecretBytes snapshot_key(BytesView secret);
// The key of one repository's snapshots.
SecretBytes snapshot_record_key(const SecretBytes& key, std::string_view repository);

}  // namespace rfs
