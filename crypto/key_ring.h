// KeyRing: the keys of one store, unlocked. runnerfs-formats(7), "Key tree". Immutable after open; any thread.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/key_source.h"
#include "crypto/record.h"

namespace rfs {

class KeyRing {
 public:
  // A new ring for a new store: term 1, fresh M and L. `sealed` is the RING record to keep. now: wall seconds.
  static Result<std::unique_ptr<KeyRing>> create(const Id16& store_id, const SecretBytes& root, Bytes& sealed,
                                                 double now = 0);
  // kNoKey "this key is not this store's" when the commitment differs; kTampered when it is damaged otherwise.
  static Result<std::unique_ptr<KeyRing>> open(const Id16& store_id, const SecretBytes& root, BytesView sealed);
  // A new term for new writes; old ones still decrypt. `sealed` is the RING record to keep.
  Result<std::unique_ptr<KeyRing>> next_term(const SecretBytes& root, double now, Bytes& sealed) const;
  // The same without all terms but the current one: what they sealed is unreadable from then on.
  Result<std::unique_ptr<KeyRing>> only_current_term(const SecretBytes& root, Bytes& sealed) const;
  // The RING record of this ring under another root key.
  Result<Bytes> seal_under(const SecretBytes& root) const;
  ~KeyRing();

  std::uint32_t current_term() const;
  // How many terms it holds: more than one while rows of older ones may be left.
  std::size_t terms() const;
  // K_rec[term][kind]; kNoKey for a term that this ring does not hold.
  Result<const SecretBytes*> record_key(std::uint32_t term, RecordKind kind) const;
  const SecretBytes& lookup_key() const;     // K_lookup
  const SecretBytes& parent_key() const;     // K_parent
  const SecretBytes& partition_key() const;  // K_part
  const SecretBytes& acc_key() const;        // K_acc
  const Id16& store_id() const;

 private:
  KeyRing();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
