#include "crypto/tlv.h"

namespace rfs {
namespace {

constexpr std::size_t kHead = 1 + 4;
constexpr std::uint8_t kOptional = 0x80;

}  // namespace

TlvWriter& TlvWriter::bytes(std::uint8_t tag, BytesView value) {
  out_.push_back(tag);
  append_be(out_, static_cast<std::uint32_t>(value.size()));
  append(out_, value);
  return *this;
}

Result<TlvReader> TlvReader::parse(BytesView plaintext, std::uint8_t known_most) {
  TlvReader reader;
  int before = -1;
  while (!plaintext.empty()) {
    if (plaintext.size() < kHead) return fail(Code::kTampered, "a sealed description is cut off");
    std::uint8_t tag = plaintext[0];
    auto length = read_be<std::uint32_t>(plaintext.subspan(1));
    plaintext = plaintext.subspan(kHead);
    if (tag <= before) return fail(Code::kTampered, "a sealed description has its fields out of order");
    if (tag < kOptional && (tag == 0 || tag > known_most))
      return fail(Code::kTampered, "a sealed description has a field that this version does not know");
    if (length > plaintext.size()) return fail(Code::kTampered, "a sealed description is cut off");
    reader.fields_.emplace_back(tag, plaintext.first(length));
    plaintext = plaintext.subspan(length);
    before = tag;
  }
  return reader;
}

std::optional<BytesView> TlvReader::find(std::uint8_t tag) const {
  for (const auto& [have, value] : fields_)
    if (have == tag) return value;
  return std::nullopt;
}

}  // namespace rfs
