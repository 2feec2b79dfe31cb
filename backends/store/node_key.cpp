// The identity among peers: a sealed record beside the entries. runnerfs-formats(7), NODEKEY.
#include "backends/store/entry_store.h"
#include "backends/store/entry_store_impl.h"
#include "base/encode.h"
#include "crypto/record.h"

namespace rfs {
namespace {

constexpr const char* kNodeKeyName = "node-key";
constexpr std::size_t kSeed = 32;

Bytes node_key_identity(const KeyRing& ring) {
  Bytes out;
  append_lp(out, BytesView(ring.store_id()));
  append_lp(out, "ed25519");
  return out;
}

Result<SecretBytes> open_seed(const KeyRing& ring, const std::string& text) {
  const Error broken{Code::kTampered, "the identity of this node cannot be read", ""};
  const auto record = unbase64(text);
  if (!record || record->size() < kHeaderSize) return fail(broken);
  TRY_ASSIGN(const HeaderFields header, parse_header(BytesView(*record).first(kHeaderSize)));
  TRY_ASSIGN(const SecretBytes* key, ring.record_key(header.term, RecordKind::kNodeKey));
  auto seed = open_secret_record(*key, RecordKind::kNodeKey, *record, node_key_identity(ring));
  if (!seed || seed->size() != kSeed) return fail(broken);
  return seed;
}

}  // namespace

Result<SecretBytes> EntryStore::node_seed() {
  const auto database = impl_->current();
  const KeyRing& ring = database->ring();
  TRY_ASSIGN(const std::string kept, get_value(kNodeKeyName));
  if (!kept.empty()) return open_seed(ring, kept);
  SecretBytes seed = SecretBytes::random(kSeed);
  TRY_ASSIGN(const SecretBytes* key, ring.record_key(ring.current_term(), RecordKind::kNodeKey));
  TRY_ASSIGN(const Bytes record,
             seal_record(*key, RecordKind::kNodeKey, ring.current_term(), node_key_identity(ring), seed.reveal()));
  TRY(set_value(kNodeKeyName, base64(record)));
  return seed;
}

}  // namespace rfs
