// What peers need: a secret, a port, and named peers that can be reached.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "backends/peers/address_book.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/handle.h"
#include "cli/beacons.h"
#include "cli/doctor.h"
#include "cli/json_view.h"
#include "cli/network_secret.h"
#include "cli/registry.h"

namespace rfs {
namespace {

using Grade = Finding::Grade;
constexpr int kReachMillis = 3'000;
constexpr std::size_t kNamedLooked = 20;

// "" or why nothing can listen there.
std::string cannot_listen(const std::string& address, std::uint16_t port) {
  sockaddr_storage place{};
  socklen_t size = sizeof(sockaddr_in);
  auto* four = reinterpret_cast<sockaddr_in*>(&place);
  auto* six = reinterpret_cast<sockaddr_in6*>(&place);
  if (::inet_pton(AF_INET, address.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
  } else {
    ::inet_pton(AF_INET6, address.c_str(), &six->sin6_addr);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    size = sizeof(sockaddr_in6);
  }
  const Fd socket(::socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  if (!socket) return "";  // this machine has no such family
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (place.ss_family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&place), size) == 0 || errno == EADDRNOTAVAIL) return "";
  return std::strerror(errno);
}

// "" or why no TCP connection comes about.
std::string cannot_reach(const p2p::TcpEndpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string port = fmt::format("{}", endpoint.port);
  if (const int error = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &list); error != 0) return ::gai_strerror(error);
  const Handle<addrinfo, ::freeaddrinfo> owned(list);
  std::string why = "it has no address";
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    const Fd socket(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) continue;
    int error = ::connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      pollfd waiting{socket.get(), POLLOUT, 0};
      socklen_t size = sizeof error;
      error = ETIMEDOUT;
      if (::poll(&waiting, 1, kReachMillis) == 1) ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0) return "";
    why = std::strerror(error);
  }
  return why;
}

// Without gh: doctor asks nobody twice.
IdentityOptions identity_options(const Settings& settings, const EnvironmentToken& token) {
  IdentityOptions options;
  options.token_file = settings.token_file;
  options.env_token = token.bytes.clone();
  options.env_name = token.name;
  options.ask_gh = false;
  return options;
}

void check_secret(Findings& out, const Settings& settings, const EnvironmentToken& token, bool closely) {
  Result<NetworkSecret> secret = given_network_secret(settings, token);
  if (!network_secret_given(settings, token)) {
    const SystemClock clock;
    IdentitySource identities(identity_options(settings, token), [](BytesView) { return Digest{}; }, clock);
    const auto identity = identities.current();
    secret = identity ? network_secret_of_token(**identity) : fail(identity.error());
  }
  if (!secret) {
    out.push_back({closely ? Grade::kFail : Grade::kOk, "peers", fmt::format("off: {}", secret.error().message), secret.error().hint});
  } else if (!secret->weakness.empty()) {
    out.push_back({Grade::kWarn, "secret", secret->weakness, "`runnerfs keygen` prints one that cannot be guessed: set it as CACHE_P2P_SHARED_SECRET"});
  } else {
    out.push_back({Grade::kOk, "secret", fmt::format("{}, for the network {}", secret->origin, settings.p2p_network_id), ""});
  }
}

void check_port(Findings& out, const Settings& settings) {
  const auto port = static_cast<std::uint16_t>(settings.p2p_listen_port);
  for (const std::string& address : settings.p2p_listen) {
    const std::string why = cannot_listen(address, port);
    if (why.empty()) continue;
    out.push_back({Grade::kWarn, "port", fmt::format("{} on {}: {}", port, address, why),
                   fmt::format("a mount takes the next free one of {} to {}; name another with P2P_LISTEN_PORT",
                               settings.p2p_port_first, settings.p2p_port_last)});
    return;
  }
  out.push_back({Grade::kOk, "port", fmt::format("{} is free", port), ""});
}

void check_beacons(Findings& out, const Settings& settings, const EnvironmentToken& token, const Environment& environment,
                   const std::string& running, bool closely) {
  if (json_text(running, "beacons.running") == "true") {
    const bool bad = !json_text(running, "beacons.trouble").empty();
    out.push_back({bad ? Grade::kWarn : Grade::kOk, "beacons", beacons_text(running, SystemClock().wall()), json_text(running, "beacons.hint")});
    return;
  }
  const auto payload = [](const std::string& path) -> std::optional<std::string> {
    auto text = read_file(path, 64u << 20);
    return text ? std::optional(std::move(*text)) : std::nullopt;
  };
  const Context context = make_context({settings.repo, settings.workflow, settings.runner}, environment, payload);
  const auto place = beacon_place(settings, environment, context, !token.runtime.empty());
  if (!place) {
    const bool asked = settings.p2p_beacons && owner_said(settings, "p2p.beacons");
    out.push_back({asked ? Grade::kWarn : Grade::kOk, "beacons", "off: " + place.error().message, place.error().hint});
    return;
  }
  const SystemClock clock;
  IdentitySource identities(identity_options(settings, token), [](BytesView) { return Digest{}; }, clock);
  if (const auto tried = closely ? try_beacons(settings, identities, *place) : Result<>(); !tried) {
    out.push_back({Grade::kWarn, "beacons", tried.error().message, tried.error().hint});
    return;
  }
  const std::string what = fmt::format("on the Actions cache of {}", place->repository);
  out.push_back({Grade::kOk, "beacons", place->looks_only.empty() ? what : what + ", others' alone: " + place->looks_only, ""});
}

void check_registry(Findings& out, const Settings& settings, const EnvironmentToken& token, const Environment& environment,
                    const std::string& running, bool closely) {
  if (json_text(running, "registry.running") == "true") {
    const bool bad = !json_text(running, "registry.trouble").empty();
    out.push_back({bad ? Grade::kWarn : Grade::kOk, "registry", registry_text(running, SystemClock().wall()), json_text(running, "registry.hint")});
    return;
  }
  const auto payload = [](const std::string& path) -> std::optional<std::string> {
    auto text = read_file(path, 64u << 20);
    return text ? std::optional(std::move(*text)) : std::nullopt;
  };
  const auto place = registry_place(settings, make_context({settings.repo, settings.workflow, settings.runner}, environment, payload));
  if (!place) {
    out.push_back({settings.p2p_registry ? Grade::kWarn : Grade::kOk, "registry", "off: " + place.error().message, place.error().hint});
    return;
  }
  const SystemClock clock;
  IdentitySource identities(identity_options(settings, token), [](BytesView) { return Digest{}; }, clock);
  const auto there = closely ? try_registry(settings, identities, *place) : Result<bool>(true);
  if (!there)
    out.push_back({Grade::kWarn, "registry", there.error().message, there.error().hint});
  else
    out.push_back({Grade::kOk, "registry", fmt::format("an issue of {}{}", *place, *there ? "" : ", which the first peer makes"), ""});
}

void check_named(Findings& out, const Settings& settings) {
  std::size_t looked = 0;
  for (const std::string& text : settings.p2p_bootstrap_peers) {
    std::string warning;
    const auto address = parse_peer_address(text, warning);
    const auto endpoint = address ? address->endpoint() : std::nullopt;
    if (!endpoint || ++looked > kNamedLooked) continue;
    const std::string why = cannot_reach(*endpoint);
    if (why.empty()) {
      out.push_back({Grade::kOk, "peer", fmt::format("{} can be reached", address->text()), ""});
    } else {
      out.push_back({Grade::kWarn, "peer", fmt::format("{}: {}", address->text(), why), "it is dialled again every few seconds; check its port and firewall"});
    }
  }
  if (looked == 0)
    out.push_back({Grade::kOk, "peer", "none is named: CACHE_BOOTSTRAP_PEERS", ""});
}

}  // namespace

void check_peers(Findings& out, const Settings& settings, const EnvironmentToken& token, const Environment& environment,
                 const std::string& running, bool closely) {
  if (!settings.p2p_enabled) {
    out.push_back({Grade::kOk, "peers", "switched off by the configuration", ""});
    return;
  }
  check_secret(out, settings, token, closely);
  if (!json_text(running, "self.id").empty()) {
    const auto peers = json_list(running, "peers");
    std::size_t members = 0;
    for (const std::string& peer : peers) members += json_text(peer, "member") == "true" ? 1 : 0;
    out.push_back({Grade::kOk, "port", fmt::format("the daemon listens on {}", json_text(running, "self.port")), ""});
    out.push_back({Grade::kOk, "peers", fmt::format("{} connected, {} of them members", peers.size(), members), ""});
  } else {
    check_port(out, settings);
  }
  check_beacons(out, settings, token, environment, running, closely);
  check_registry(out, settings, token, environment, running, closely);
  if (closely) check_named(out, settings);
}

}  // namespace rfs
