// TLV, the plaintext of META records: u8 tag ‖ u32 length ‖ value, tags ascending, once each. A reader ignores tags it
// does not know from 0x80 on and refuses those below. Which tags there are, and what they hold, is the store's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace rfs {

// REQUIRES: tags in ascending order; values under 4 GiB.
class TlvWriter {
 public:
  TlvWriter& bytes(std::uint8_t tag, BytesView value);
  TlvWriter& text(std::uint8_t tag, std::string_view value) { return bytes(tag, view(value)); }
  template <class Integer>
  TlvWriter& integer(std::uint8_t tag, Integer value) {
    Bytes big_endian;
    append_be(big_endian, value);
    return bytes(tag, big_endian);
  }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

// Views into the bytes given to parse(), which must outlive it.
class TlvReader {
 public:
  // known_most: the highest tag below 0x80 that the caller knows. kTampered for anything malformed.
  static Result<TlvReader> parse(BytesView plaintext, std::uint8_t known_most);
  std::optional<BytesView> find(std::uint8_t tag) const;
  // Nullopt also when the value has another length than the integer.
  template <class Integer>
  std::optional<Integer> integer(std::uint8_t tag) const {
    auto value = find(tag);
    if (!value || value->size() != sizeof(Integer)) return std::nullopt;
    return read_be<Integer>(*value);
  }

 private:
  std::vector<std::pair<std::uint8_t, BytesView>> fields_;
};

}  // namespace rfs
