// libFuzzer: protocol negotiation, both sides. Beside not crashing: how the bytes are cut makes no difference.
#include <cstdint>
#include <cstdlib>

#include "p2p/multistream.h"

namespace {

using rfs::p2p::Multistream;

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

Multistream make(bool dialer) {
  return dialer ? Multistream::dialer({"/a", "/noise", "/b"})
                : Multistream::listener([](std::string_view name) { return name == "/noise" || name == "/b"; });
}

void same_in_any_pieces(bool dialer, rfs::BytesView bytes) {
  Multistream whole = make(dialer), pieces = make(dialer);
  rfs::BytesView rest = bytes;
  whole.receive(rest);
  std::size_t used = 0;
  while (used < bytes.size() && pieces.state() == Multistream::State::kGoing) {
    rfs::BytesView one = bytes.subspan(used, 1);
    pieces.receive(one);
    used += 1 - one.size();
  }
  require(whole.state() == pieces.state());
  require(whole.take_output() == pieces.take_output());
  if (whole.state() != Multistream::State::kAgreed) return;
  require(whole.protocol() == pieces.protocol());
  require(bytes.size() - rest.size() == used);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const bool dialer : {false, true}) {
    same_in_any_pieces(dialer, {data, size});
    // Past the header, which a fuzzer seldom guesses.
    rfs::Bytes greeted = rfs::p2p::multistream_message("/multistream/1.0.0");
    rfs::append(greeted, {data, size});
    same_in_any_pieces(dialer, greeted);
  }
  return 0;
}
