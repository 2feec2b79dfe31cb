#include "crypto/ids.h"

#include <initializer_list>

#include "crypto/hash.h"
#include "crypto/kdf.h"

namespace rfs {
namespace {

Digest keyed_id(const SecretBytes& key, RecordKind kind, std::uint8_t first,
                std::initializer_list<std::string_view> texts) {
  Bytes message{static_cast<std::uint8_t>(kind), first};
  for (std::string_view part : texts) {
    if (part.size() <= 0xffff)
      append_lp(message, part);
    else
      append_lp(message, BytesView(sha256(view(part))));
  }
  return hmac_sha256(key.reveal(), message);
}

}  // namespace

Digest entry_id(const KeyRing& ring, std::uint8_t space, std::string_view partition, std::string_view cls,
                std::string_view canonical) {
  return keyed_id(ring.lookup_key(), RecordKind::kMeta, space, {partition, cls, canonical});
}

Digest parent_id(const KeyRing& ring, std::uint8_t space, std::string_view partition, std::string_view cls,
                 std::string_view directory) {
  return keyed_id(ring.parent_key(), RecordKind::kMeta, space, {partition, cls, directory});
}

Digest secret_id(const KeyRing& ring, std::uint8_t scope_kind, std::string_view scope_id, std::string_view name) {
  return keyed_id(ring.lookup_key(), RecordKind::kSecret, scope_kind, {scope_id, name});
}

Digest secret_parent_id(const KeyRing& ring, std::uint8_t scope_kind, std::string_view scope_id) {
  return keyed_id(ring.parent_key(), RecordKind::kSecret, scope_kind, {scope_id});
}

}  // namespace rfs
