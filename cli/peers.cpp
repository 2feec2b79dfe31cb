#include <fmt/format.h>

#include "cli/access.h"
#include "cli/beacons.h"
#include "cli/json_view.h"
#include "cli/message.h"
#include "cli/registry.h"

namespace rfs {
namespace {

std::string peer_row(const std::string& peer) {
  const auto at = [&](const char* path) { return json_text(peer, path); };
  std::string addresses;
  for (const std::string& address : json_list(peer, "addrs")) addresses += " " + json_text(address, "");
  const std::string latency = at("latency_ms");
  return fmt::format("{:<52}  {:<6}  {:>7}  {:>6}  {:>8}  {:>7} {}{}\n", at("id"), at("proof"), latency.empty() ? "-" : latency + " ms",
                     at("served"), at("received"), at("refused"), printable(addresses), at("resting") == "true" ? "  (resting)" : "");
}

std::string peers_text(const std::string& document) {
  if (json_text(document, "self.id").empty()) {
    const std::string hint = json_text(document, "hint");
    return fmt::format("peers are off: {}\n{}", printable(json_text(document, "off")), hint.empty() ? "" : "hint: " + printable(hint) + "\n");
  }
  std::string out = fmt::format("self     {}\n", json_text(document, "self.id"));
  for (const std::string& address : json_list(document, "self.addrs")) out += fmt::format("         {}\n", json_text(address, ""));
  out += fmt::format("network  {}, secret from {}, verify {}\n", json_text(document, "self.network_id"),
                     json_text(document, "self.secret"), json_text(document, "self.verify"));
  out += fmt::format("beacons  {}\n", printable(beacons_text(document, SystemClock().wall())));
  out += fmt::format("registry {}\n", printable(registry_text(document, SystemClock().wall())));
  const auto peers = json_list(document, "peers");
  if (peers.empty()) return out + "peers    none are connected\n";
  out += fmt::format("\n{:<52}  {:<6}  {:>7}  {:>6}  {:>8}  {:>7}  {}\n", "peer", "proof", "latency", "served", "received", "refused",
                     "addresses");
  for (const std::string& peer : peers) out += peer_row(peer);
  return out;
}

}  // namespace

int run_peers(const Given& given) {
  auto reach = Reach::open_daemon(given);
  if (!reach) return report(reach.error());
  const auto document = read_tree((*reach)->access(), ".runnerfs/peers.json");
  if (!document) return report(document.error());
  return print(given.has("--json") ? json_pretty(*document) : peers_text(*document));
}

}  // namespace rfs
