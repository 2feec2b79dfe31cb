#include "backends/secrets/secret_record.h"

#include <algorithm>

#include "crypto/ids.h"
#include "crypto/record.h"

namespace rfs::secrets {

namespace {

constexpr std::uint8_t kForm = 1, kAllowUntrusted = 1;

auto malformed() { return fail(Code::kTampered, "a credential's record is malformed"); }

// Takes fields off the front; `fine` turns false when there are too few bytes.
class Reader {
 public:
  explicit Reader(BytesView rest) : rest_(rest) {}
  BytesView take(std::size_t size) {
    if (size > rest_.size()) return fine = false, BytesView();
    BytesView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  template <class Integer>
  Integer integer() {
    BytesView taken = take(sizeof(Integer));
    return fine ? read_be<Integer>(taken) : Integer{};
  }
  std::string text() { return std::string(rfs::text(take(integer<std::uint16_t>()))); }
  BytesView rest() const { return rest_; }
  bool fine = true;

 private:
  BytesView rest_;
};

Bytes identity_of(const KeyRing& ring, const Digest& id, std::uint64_t version) {
  Bytes number, identity;
  append_be(number, version);
  append_lp(identity, BytesView(ring.store_id()));
  append_lp(identity, BytesView(id));
  append_lp(identity, BytesView(number));
  return identity;
}

}  // namespace

std::size_t padded_size(std::size_t size) {
  constexpr std::size_t kPage = 4'096;
  std::size_t bucket = 256;
  while (bucket < size && bucket < kPage) bucket *= 2;
  return bucket >= size ? bucket : (size + kPage - 1) / kPage * kPage;
}

SecretBytes encode_secret(const Facts& facts, const SecretBytes& value) {
  // Only the value is worth locked memory; names are shown by every listing.
  Bytes head{kForm, static_cast<std::uint8_t>(facts.scope.kind)};
  append_lp(head, facts.scope.id);
  append_lp(head, facts.name);
  append_be(head, facts.created);
  append_be(head, std::uint64_t{0});  // not_before
  append_be(head, facts.not_after);
  append_be(head, facts.ttl);
  append_be(head, std::uint32_t{0});    // max_uses
  append_be(head, std::uint8_t{0});     // writer: the owner
  append_lp(head, std::string_view());  // lease_id
  append_be(head, facts.allow_untrusted ? kAllowUntrusted : std::uint8_t{0});
  append_be(head, static_cast<std::uint32_t>(value.size()));
  SecretBytes out(padded_size(head.size() + value.size()));
  auto at = std::copy(head.begin(), head.end(), out.reveal_mutable().begin());
  std::copy(value.reveal().begin(), value.reveal().end(), at);
  return out;
}

Result<Secret> decode_secret(const SecretBytes& plaintext) {
  Reader in(plaintext.reveal());
  Secret out;
  Facts& facts = out.facts;
  if (in.integer<std::uint8_t>() != kForm) return malformed();
  const auto kind = in.integer<std::uint8_t>();
  if (kind < static_cast<std::uint8_t>(ScopeKind::kGlobal) || kind > static_cast<std::uint8_t>(ScopeKind::kRunner))
    return malformed();
  facts.scope.kind = static_cast<ScopeKind>(kind);
  facts.scope.id = in.text();
  facts.name = in.text();
  facts.created = in.integer<std::uint64_t>();
  const auto not_before = in.integer<std::uint64_t>();
  facts.not_after = in.integer<std::uint64_t>();
  facts.ttl = in.integer<std::uint64_t>();
  const auto max_uses = in.integer<std::uint32_t>();
  const auto writer = in.integer<std::uint8_t>();
  const std::string lease = in.text();
  const auto flags = in.integer<std::uint8_t>();
  const auto size = in.integer<std::uint32_t>();
  const BytesView value = in.take(size);
  if (!in.fine || not_before || max_uses || writer || !lease.empty() || (flags & ~kAllowUntrusted) != 0 ||
      size > kValueMost || (facts.not_after == 0) != (facts.ttl == 0))
    return malformed();
  const BytesView padding = in.rest();
  if (plaintext.size() != padded_size(plaintext.size() - padding.size()) ||
      std::any_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte != 0; }))
    return malformed();
  facts.allow_untrusted = flags & kAllowUntrusted;
  facts.size = size;
  out.value = SecretBytes::copy_of(value);
  return out;
}

Digest id_of(const KeyRing& ring, const Scope& scope, std::string_view name) {
  return secret_id(ring, static_cast<std::uint8_t>(scope.kind), scope.id, name);
}

Digest parent_of(const KeyRing& ring, const Scope& scope) {
  return secret_parent_id(ring, static_cast<std::uint8_t>(scope.kind), scope.id);
}

Result<Bytes> seal_secret(const KeyRing& ring, const Facts& facts, const SecretBytes& value) {
  const SecretBytes plaintext = encode_secret(facts, value);
  return seal_secret_plaintext(ring, id_of(ring, facts.scope, facts.name), facts.version, plaintext.reveal());
}

Result<Bytes> seal_secret_plaintext(const KeyRing& ring, const Digest& id, std::uint64_t version, BytesView plaintext) {
  TRY_ASSIGN(const SecretBytes* key, ring.record_key(ring.current_term(), RecordKind::kSecret));
  return seal_record(*key, RecordKind::kSecret, ring.current_term(), identity_of(ring, id, version), plaintext);
}

Result<SecretBytes> open_secret_plaintext(const KeyRing& ring, const Digest& id, std::uint64_t version,
                                          BytesView record) {
  if (record.size() < kHeaderSize) return malformed();
  TRY_ASSIGN(HeaderFields fields, parse_header(record.first(kHeaderSize)));
  auto key = ring.record_key(fields.term, RecordKind::kSecret);
  // The ring is whole, so a term that it never had is a lie of the header.
  if (!key) return fail(Code::kTampered, "a credential's record names a key that the store does not have");
  return open_secret_record(**key, RecordKind::kSecret, record, identity_of(ring, id, version));
}

Result<Secret> open_secret(const KeyRing& ring, const Digest& id, std::uint64_t version, BytesView record) {
  TRY_ASSIGN(SecretBytes plaintext, open_secret_plaintext(ring, id, version, record));
  TRY_ASSIGN(Secret out, decode_secret(plaintext));
  if (id_of(ring, out.facts.scope, out.facts.name) != id)
    return fail(Code::kTampered, "a credential's record is that of another name");
  out.facts.version = version;
  return out;
}

}  // namespace rfs::secrets
