#include "crypto/key_ring.h"

#include <algorithm>
#include <map>

#include "crypto/kdf.h"
#include "crypto/ring_plaintext.h"

namespace rfs {
namespace {

Bytes ring_identity(const Id16& store_id) {
  Bytes identity;
  append_lp(identity, BytesView(store_id));
  return identity;
}

SecretBytes ring_kek(const Id16& store_id, const SecretBytes& root) {
  return hkdf(root.reveal(), store_id, view("runnerfs/v1/ring"));
}

Result<> check_root(const SecretBytes& root) {
  if (root.size() != 32) return fail(Code::kNoKey, "the root key is not 32 bytes long");
  return {};
}

SecretBytes lasting_key(const SecretBytes& lasting, std::string_view purpose) {
  return hkdf_expand(lasting.reveal(), view("runnerfs/v1/" + std::string(purpose)));
}

RingTerm copy_of(const RingTerm& term) { return {term.term, term.key.clone(), term.created, term.retired}; }

Result<Bytes> seal_ring(const Id16& store_id, const SecretBytes& root, const RingPlaintext& ring) {
  TRY(check_root(root));
  SecretBytes plaintext = encode_ring(ring);
  return seal_record(ring_kek(store_id, root), RecordKind::kRing, 0, ring_identity(store_id), plaintext.reveal());
}

std::uint64_t whole_seconds(double now) { return now > 0 ? static_cast<std::uint64_t>(now) : 0; }

}  // namespace

struct KeyRing::Impl {
  Id16 store_id{};
  RingPlaintext ring;
  SecretBytes lookup, parent, partition, acc;
  // Derived once: a record costs two HKDFs anyway.
  std::map<std::pair<std::uint32_t, std::uint8_t>, SecretBytes> record_keys;

  static std::unique_ptr<Impl> derive(const Id16& store_id, RingPlaintext ring) {
    auto impl = std::make_unique<Impl>();
    impl->store_id = store_id;
    impl->lookup = lasting_key(ring.lasting, "lookup");
    impl->parent = lasting_key(ring.lasting, "parent");
    impl->partition = lasting_key(ring.lasting, "partition");
    impl->acc = lasting_key(ring.lasting, "acc");
    for (const RingTerm& term : ring.terms) {
      for (RecordKind kind :
           {RecordKind::kMeta, RecordKind::kBody, RecordKind::kSecret, RecordKind::kRoot, RecordKind::kNodeKey}) {
        Bytes info;
        append(info, "runnerfs/v1/rec/");
        info.push_back(static_cast<std::uint8_t>(kind));
        impl->record_keys.emplace(std::pair(term.term, static_cast<std::uint8_t>(kind)),
                                  hkdf_expand(term.key.reveal(), info));
      }
    }
    impl->ring = std::move(ring);
    return impl;
  }
};

KeyRing::KeyRing() = default;
KeyRing::~KeyRing() = default;

Result<std::unique_ptr<KeyRing>> KeyRing::create(const Id16& store_id, const SecretBytes& root, Bytes& sealed,
                                                 double now) {
  RingPlaintext ring;
  ring.current = 1;
  ring.lasting = SecretBytes::random(32);
  ring.terms.push_back({1, SecretBytes::random(32), whole_seconds(now), 0});
  TRY_ASSIGN(sealed, seal_ring(store_id, root, ring));
  std::unique_ptr<KeyRing> out(new KeyRing);
  out->impl_ = Impl::derive(store_id, std::move(ring));
  return out;
}

Result<std::unique_ptr<KeyRing>> KeyRing::open(const Id16& store_id, const SecretBytes& root, BytesView sealed) {
  TRY(check_root(root));
  if (sealed.size() < kHeaderSize) return fail(Code::kTampered, "the key ring of the store is cut off");
  TRY_ASSIGN(HeaderFields fields, parse_header(sealed.first(kHeaderSize)));
  if (fields.kind != RecordKind::kRing)
    return fail(Code::kTampered, "the key ring of the store is a record of another kind");
  SecretBytes kek = ring_kek(store_id, root);
  Bytes identity = ring_identity(store_id);
  // With a sound header only the commitment can refuse: another key, or another store's ring.
  if (!Opener::start(kek, RecordKind::kRing, sealed.first(kHeaderSize), identity))
    return fail(Code::kNoKey, "this key is not this store's",
                "bring back the key that the store was made with; a new key cannot read it");
  TRY_ASSIGN(SecretBytes plaintext, open_secret_record(kek, RecordKind::kRing, sealed, identity));
  TRY_ASSIGN(RingPlaintext ring, decode_ring(plaintext.reveal()));
  std::unique_ptr<KeyRing> out(new KeyRing);
  out->impl_ = Impl::derive(store_id, std::move(ring));
  return out;
}

Result<std::unique_ptr<KeyRing>> KeyRing::next_term(const SecretBytes& root, double now, Bytes& sealed) const {
  const RingPlaintext& old = impl_->ring;
  if (old.terms.size() >= 0xffff)
    return fail(Code::kTooLarge, "the key ring of the store has no room for another term");
  RingPlaintext ring;
  ring.lasting = old.lasting.clone();
  for (const RingTerm& term : old.terms) {
    ring.terms.push_back(copy_of(term));
    if (term.term == old.current) ring.terms.back().retired = whole_seconds(now);
  }
  ring.current = old.terms.back().term + 1;
  ring.terms.push_back({ring.current, SecretBytes::random(32), whole_seconds(now), 0});
  TRY_ASSIGN(sealed, seal_ring(impl_->store_id, root, ring));
  std::unique_ptr<KeyRing> out(new KeyRing);
  out->impl_ = Impl::derive(impl_->store_id, std::move(ring));
  return out;
}

Result<std::unique_ptr<KeyRing>> KeyRing::only_current_term(const SecretBytes& root, Bytes& sealed) const {
  RingPlaintext ring;
  ring.current = impl_->ring.current;
  ring.lasting = impl_->ring.lasting.clone();
  for (const RingTerm& term : impl_->ring.terms)
    if (term.term == ring.current) ring.terms.push_back(copy_of(term));
  TRY_ASSIGN(sealed, seal_ring(impl_->store_id, root, ring));
  std::unique_ptr<KeyRing> out(new KeyRing);
  out->impl_ = Impl::derive(impl_->store_id, std::move(ring));
  return out;
}

Result<Bytes> KeyRing::seal_under(const SecretBytes& root) const {
  return seal_ring(impl_->store_id, root, impl_->ring);
}

std::uint32_t KeyRing::current_term() const { return impl_->ring.current; }
std::size_t KeyRing::terms() const { return impl_->ring.terms.size(); }

Result<const SecretBytes*> KeyRing::record_key(std::uint32_t term, RecordKind kind) const {
  auto found = impl_->record_keys.find({term, static_cast<std::uint8_t>(kind)});
  if (found == impl_->record_keys.end())
    return fail(Code::kNoKey, "the key ring of the store has no key for term " + std::to_string(term));
  return &found->second;
}

const SecretBytes& KeyRing::lookup_key() const { return impl_->lookup; }
const SecretBytes& KeyRing::parent_key() const { return impl_->parent; }
const SecretBytes& KeyRing::partition_key() const { return impl_->partition; }
const SecretBytes& KeyRing::acc_key() const { return impl_->acc; }
const Id16& KeyRing::store_id() const { return impl_->store_id; }

}  // namespace rfs
