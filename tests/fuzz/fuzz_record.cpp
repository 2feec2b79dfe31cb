// libFuzzer: sealed records, their frames, TLV, key rings and key texts, from bytes that an attacker chose. The first
// byte picks what the rest is taken for. Where a check would stop random bytes at once (commitment, tag), the input is
// committed or sealed first, so that what stands behind the check is reached too.
#include <cstdlib>
#include <optional>

#include "crypto/aead.h"
#include "crypto/key_text.h"
#include "crypto/record.h"
#include "crypto/record_key.h"
#include "crypto/ring_plaintext.h"
#include "crypto/tlv.h"

using namespace rfs;

namespace {

const SecretBytes& key() {
  static const SecretBytes key = SecretBytes::copy_of(Bytes(32, 0x11));
  return key;
}
constexpr std::uint8_t kIdentity[] = {'i', 'd'};

void must(bool holds) {
  if (!holds) std::abort();
}

void any_record(BytesView input) {
  auto fields = parse_header(input.first(std::min(input.size(), kHeaderSize)));
  for (RecordKind kind : {RecordKind::kMeta, RecordKind::kBody, RecordKind::kRing}) {
    auto opened = open_record(key(), kind, input, kIdentity);
    must(!opened || (fields && fields->kind == kind));
  }
}

// The header with its commitment made right: an allowed one must open, every other one must not.
void any_header(BytesView input) {
  if (input.size() < kHeaderSize) return;
  RecordHeader header;
  std::copy_n(input.begin(), kHeaderSize, header.begin());
  auto derived = derive_record_key(key(), BytesView(header).first(12), BytesView(header).subspan(12, 32), kIdentity);
  std::copy(derived.commit.begin(), derived.commit.end(), header.begin() + 44);
  auto fields = parse_header(header);
  for (int kind = 0; kind < 256; ++kind) {
    auto opener = Opener::start(key(), static_cast<RecordKind>(kind), header, kIdentity);
    must(opener.has_value() == (fields && static_cast<int>(fields->kind) == kind));
    if (!opener) continue;
    BytesView rest = input.subspan(kHeaderSize);
    for (std::size_t expected : {std::size_t{0}, rest.size(), kChunk})
      if (auto chunk = opener->chunk(0, true, rest, expected)) must(chunk->size() == expected);
  }
}

// A frame that authenticates.
void any_frame(BytesView input) {
  if (input.size() < 4 || input.size() > kChunk) return;
  static const auto sealer = Sealer::start(key(), RecordKind::kBody, kFlagZstd, 1, kIdentity, Bytes(32, 0x22));
  must(sealer.has_value());
  BytesView header(sealer->header());
  static const auto derived = derive_record_key(key(), header.first(12), header.subspan(12, 32), kIdentity);
  static const auto opener = Opener::start(key(), RecordKind::kBody, header, kIdentity);
  must(opener.has_value());
  auto expected = read_be<std::uint32_t>(input) % (kChunk + 2);
  BytesView frame = input.subspan(4);
  Bytes sealed(frame.size() + kAeadTag);
  aead_seal(derived.key.reveal(), stream_nonce(0, true), {}, frame, sealed);
  if (auto chunk = opener->chunk(0, true, sealed, expected)) must(chunk->size() == expected);
}

void any_tlv(BytesView input) {
  auto reader = TlvReader::parse(input, 22);
  if (!reader) return;
  // What is accepted is exactly what a writer would write.
  TlvWriter writer;
  for (int tag = 0; tag < 256; ++tag)
    if (auto value = reader->find(static_cast<std::uint8_t>(tag))) writer.bytes(static_cast<std::uint8_t>(tag), *value);
  Bytes again = writer.take();
  must(std::equal(again.begin(), again.end(), input.begin(), input.end()));
}

void any_ring(BytesView input) {
  auto ring = decode_ring(input);
  if (ring) must(encode_ring(*ring).equals(input));
}

void any_key(BytesView input) {
  auto key = key_from_text(input);
  if (!key) return;
  SecretBytes again = key_to_text(*key);
  must(again.equals(input) || BytesView(again.reveal().first(again.size() - 1)).size() == input.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || !secret_setup()) return 0;
  constexpr void (*kTakenFor[])(BytesView) = {any_record, any_header, any_frame, any_tlv, any_ring, any_key};
  kTakenFor[data[0] % std::size(kTakenFor)](BytesView(data + 1, size - 1));
  return 0;
}
