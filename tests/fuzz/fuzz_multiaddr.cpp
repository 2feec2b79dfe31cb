// libFuzzer: addresses and peer ids from strangers, as bytes and as text. Beside not crashing: what was read is written
// back as it came, and both forms say the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "p2p/multiaddr.h"

namespace {

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

void same_in_both_forms(const rfs::p2p::Multiaddr& address) {
  const auto from_text = rfs::p2p::Multiaddr::parse(address.text());
  require(from_text && *from_text == address);
  const auto from_bytes = rfs::p2p::Multiaddr::from_bytes(address.bytes());
  require(from_bytes && *from_bytes == address);
  if (const auto endpoint = address.endpoint())
    require(rfs::p2p::Multiaddr::of(*endpoint, address.peer()).endpoint() == endpoint);
  require(address.without_peer().peer().empty() || !address.peer().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const rfs::BytesView bytes(data, size);
  if (const auto address = rfs::p2p::Multiaddr::from_bytes(bytes)) {
    const rfs::Bytes again = address->bytes();
    require(again.size() == size && std::equal(again.begin(), again.end(), data));
    same_in_both_forms(*address);
  }
  if (const auto address = rfs::p2p::Multiaddr::parse(rfs::text(bytes))) same_in_both_forms(*address);
  if (const auto peer = rfs::p2p::PeerId::parse(rfs::text(bytes))) {
    require(rfs::p2p::PeerId::parse(peer->text()).value() == *peer);
    require(rfs::p2p::PeerId::from_bytes(peer->bytes()).value() == *peer);
  }
  rfs::p2p::reach_of(rfs::text(bytes));
  return 0;
}
