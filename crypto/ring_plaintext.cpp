#include "crypto/ring_plaintext.h"

#include <algorithm>

namespace rfs {
namespace {

constexpr std::size_t kKey = 32, kFixed = 4 + kKey + 2, kEach = 4 + kKey + 8 + 8;

// Writes into locked memory: a Bytes would leave key material behind when it grows.
class Writer {
 public:
  explicit Writer(MutableBytes out) : out_(out) {}
  void bytes(BytesView more) {
    std::copy(more.begin(), more.end(), out_.begin());
    out_ = out_.subspan(more.size());
  }
  template <class Integer>
  void integer(Integer value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
      out_[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * (sizeof value - 1 - i)));
    out_ = out_.subspan(sizeof value);
  }

 private:
  MutableBytes out_;
};

}  // namespace

SecretBytes encode_ring(const RingPlaintext& ring) {
  SecretBytes out(kFixed + ring.terms.size() * kEach);
  Writer writer(out.reveal_mutable());
  writer.integer(ring.current);
  writer.bytes(ring.lasting.reveal());
  writer.integer(static_cast<std::uint16_t>(ring.terms.size()));
  for (const RingTerm& term : ring.terms) {
    writer.integer(term.term);
    writer.bytes(term.key.reveal());
    writer.integer(term.created);
    writer.integer(term.retired);
  }
  return out;
}

Result<RingPlaintext> decode_ring(BytesView plaintext) {
  auto malformed = fail(Code::kTampered, "the key ring of the store is malformed");
  if (plaintext.size() < kFixed) return malformed;
  RingPlaintext ring;
  ring.current = read_be<std::uint32_t>(plaintext);
  ring.lasting = SecretBytes::copy_of(plaintext.subspan(4, kKey));
  auto count = read_be<std::uint16_t>(plaintext.subspan(4 + kKey));
  plaintext = plaintext.subspan(kFixed);
  if (plaintext.size() != count * kEach) return malformed;
  bool current_is_there = false;
  for (; !plaintext.empty(); plaintext = plaintext.subspan(kEach)) {
    RingTerm term;
    term.term = read_be<std::uint32_t>(plaintext);
    term.key = SecretBytes::copy_of(plaintext.subspan(4, kKey));
    term.created = read_be<std::uint64_t>(plaintext.subspan(4 + kKey));
    term.retired = read_be<std::uint64_t>(plaintext.subspan(4 + kKey + 8));
    if (term.term <= (ring.terms.empty() ? 0 : ring.terms.back().term)) return malformed;
    current_is_there = current_is_there || term.term == ring.current;
    ring.terms.push_back(std::move(term));
  }
  if (!current_is_there) return malformed;
  return ring;
}

}  // namespace rfs
