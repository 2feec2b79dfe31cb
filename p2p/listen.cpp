#include "p2p/listen.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>

#include "base/handle.h"
#include "base/log.h"

namespace rfs::p2p {
namespace {

TcpEndpoint endpoint_at(const std::string& address, std::uint16_t port) {
  const bool six = address.find(':') != std::string::npos;
  return {six ? TcpEndpoint::Kind::kIp6 : TcpEndpoint::Kind::kIp4, address, port};
}

// On all addresses, or the first reason why not.
Result<Listening> listen_at(Loop& loop, const std::vector<std::string>& addresses, std::uint16_t port,
                            const TcpListener::Accept& accept) {
  Listening listening;
  Error missing{Code::kUnsupported, "no address to listen on", {}};
  for (const std::string& address : addresses) {
    auto opened = TcpListener::open(loop, endpoint_at(address, port), accept);
    if (opened) {
      port = (*opened)->local().port;  // port 0 becomes one for all addresses
      listening.listeners.push_back(std::move(*opened));
    } else if (opened.error().code == Code::kUnsupported) {
      missing = opened.error();
    } else {
      return fail(opened.error());
    }
  }
  if (listening.listeners.empty()) return fail(missing);
  listening.port = port;
  return listening;
}

}  // namespace

std::vector<std::uint16_t> port_order(std::uint16_t first, std::uint16_t from, std::uint16_t to) {
  std::vector<std::uint16_t> ports;
  if (first) ports.push_back(first);
  for (unsigned port = from; port <= to; ++port)
    if (port != first) ports.push_back(static_cast<std::uint16_t>(port));
  ports.push_back(0);
  return ports;
}

Result<Listening> listen(Loop& loop, const std::vector<std::string>& addresses, const std::vector<std::uint16_t>& ports,
                         const TcpListener::Accept& accept) {
  Result<Listening> last = fail(Code::kBusy, "no port to listen on");
  for (std::uint16_t port : ports) {
    last = listen_at(loop, addresses, port, accept);
    if (last) {
      if (last->port != ports.front() && ports.front() != 0)
        last->note = fmt::format("port {} cannot be had, listening on port {}", ports.front(), last->port);
      return last;
    }
    // Another port helps against one that is taken, or that needs a privilege; not against a wrong address.
    if (last.error().code != Code::kBusy && last.error().code != Code::kDenied) return last;
  }
  return last;
}

std::vector<std::string> addresses_of(const std::string& listened) {
  if (listened != "0.0.0.0" && listened != "::") return {listened};
  const int family = listened == "::" ? AF_INET6 : AF_INET;
  std::vector<std::string> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  const Handle<ifaddrs, ::freeifaddrs> owned(list);
  for (const ifaddrs* one = list; one; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != family) continue;
    char chars[INET6_ADDRSTRLEN];
    const void* address = family == AF_INET6
                              ? static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(one->ifa_addr)->sin6_addr)
                              : static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(one->ifa_addr)->sin_addr);
    if (!::inet_ntop(family, address, chars, sizeof chars) || reach_of(chars) == Reach::kLinkLocal) continue;
    if (std::find(found.begin(), found.end(), chars) == found.end()) found.push_back(chars);
  }
  return found;
}

}  // namespace rfs::p2p
