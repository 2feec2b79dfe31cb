// Where a node listens: the first port of a list that is free on all of its addresses.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "p2p/tcp.h"

namespace rfs::p2p {

// first (if not 0), then the range, then any port.
std::vector<std::uint16_t> port_order(std::uint16_t first, std::uint16_t from = 9000, std::uint16_t to = 9010);

struct Listening {
  std::vector<std::unique_ptr<TcpListener>> listeners;
  std::uint16_t port = 0;
  std::string note;  // "port 9000 is in use, listening on port 9001", or ""
};
// addresses: digits of IP addresses. One that this machine does not have is left out, unless it is the only one.
// kBusy: every port is in use. REQUIRES: neither is empty.
Result<Listening> listen(Loop& loop, const std::vector<std::string>& addresses, const std::vector<std::uint16_t>& ports,
                         const TcpListener::Accept& accept);
// 0.0.0.0 and :: stand for every address of this machine but link-local ones; other addresses for themselves.
std::vector<std::string> addresses_of(const std::string& listened);

}  // namespace rfs::p2p
