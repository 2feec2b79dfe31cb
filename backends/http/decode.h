// Decoder: a content coding (RFC 9110, 8.4.1) taken off a body as it arrives. Belongs to one thread.
//
// libcurl has decoders too, but it takes a compressed stream that stops in the middle of a complete message for a whole
// one (a cache or a proxy that was cut off hands such bodies on with a fitting length). Here the stream itself has to
// say that it ended.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rfs {

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Appends what `data` decodes to. kTooLarge: `out` would exceed `most` bytes. kBroken: no such stream, or bytes
  // behind its end. Not to be called again after a failure.
  virtual Result<> add(std::string_view data, std::string& out, std::uint64_t most) = 0;
  // The stream said itself that it has ended, and its checksum was right where it has one.
  virtual bool ended() const = 0;
};

// What Accept-Encoding offers: every coding that make_decoder knows.
std::string_view offered_codings();

// The decoder for a Content-Encoding header's value, any case; null: nothing to decode ("" or identity). kBroken: a
// coding that was not offered, or several on top of one another.
Result<std::unique_ptr<Decoder>> make_decoder(std::string_view coding);

}  // namespace rfs
