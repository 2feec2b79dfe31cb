// What a comment of the registry says, in the bytes of the Python implementation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

#include "backends/actions/peer_registry.h"
#include "base/json.h"

namespace rfs {
namespace {

constexpr std::size_t kEntryAddresses = 8, kTextMost = 512, kNameMost = 100;

std::string marker_start(std::string_view title) { return fmt::format("<!-- {}:", title); }

// datetime.utcnow().isoformat(): without a zone. One with a zone breaks the Python implementation's comparison, and with it
// the whole of its list.
std::string naive_utc(double wall) {
  const double whole = std::floor(wall);
  const auto seconds = static_cast<std::time_t>(whole);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                     parts.tm_min, parts.tm_sec, std::min(999'999, static_cast<int>((wall - whole) * 1e6)));
}

// `count` digits at `at`, which moves on; -1: there are none.
int digits(std::string_view text, std::size_t& at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int out = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    out = out * 10 + (c - '0');
  }
  at += count;
  return out;
}

// Seconds since 1970 of 2025-11-06T10:00:00[.ffffff][Z|+HH:MM]; nothing behind the time is UTC.
std::optional<double> parse_iso(std::string_view text) {
  std::size_t at = 0;
  int field[6] = {};
  constexpr std::string_view kBehind = "--T::";
  for (std::size_t i = 0; i < 6; ++i) {
    field[i] = digits(text, at, i == 0 ? 4 : 2);
    if (field[i] < 0) return std::nullopt;
    if (i == 5) break;
    if (at >= text.size() || (text[at] != kBehind[i] && !(i == 2 && text[at] == ' '))) return std::nullopt;
    ++at;
  }
  if (field[1] < 1 || field[1] > 12 || field[2] < 1 || field[2] > 31 || field[3] > 23 || field[4] > 59 || field[5] > 60) return std::nullopt;
  std::tm parts{};
  parts.tm_year = field[0] - 1900, parts.tm_mon = field[1] - 1, parts.tm_mday = field[2];
  parts.tm_hour = field[3], parts.tm_min = field[4], parts.tm_sec = field[5];
  double out = static_cast<double>(::timegm(&parts));
  if (at < text.size() && text[at] == '.') {
    ++at;
    for (double place = 0.1; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, place /= 10) out += (text[at] - '0') * place;
  }
  if (at == text.size() || text.substr(at) == "Z") return out;
  const char sign = text[at++];
  if (sign != '+' && sign != '-') return std::nullopt;
  const int hours = digits(text, at, 2);
  if (hours < 0 || at >= text.size() || text[at++] != ':') return std::nullopt;
  const int minutes = digits(text, at, 2);
  if (minutes < 0 || at != text.size()) return std::nullopt;
  return out - (sign == '+' ? 1 : -1) * (hours * 3600.0 + minutes * 60.0);
}

std::string string_at(const nlohmann::json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_string()) return {};
  auto out = at->get<std::string>();
  return out.size() > kTextMost ? std::string() : out;
}

// "9000" of /ip4/10.0.0.1/tcp/9000/p2p/…
int port_of(std::string_view address) {
  const std::size_t at = address.find("/tcp/");
  int out = 0;
  if (at != std::string_view::npos)
    for (std::size_t i = at + 5; i < address.size() && address[i] >= '0' && address[i] <= '9' && out < 100'000; ++i)
      out = out * 10 + (address[i] - '0');
  return out;
}

std::string ip_of(std::string_view address) {
  for (const std::string_view kind : {"/ip4/", "/ip6/"})
    if (address.starts_with(kind)) return std::string(address.substr(kind.size(), address.find('/', kind.size()) - kind.size()));
  return {};
}

}  // namespace

std::string registry_runner_name(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c > ' ' && c <= '~' && c != '<' && c != '>' && c != '`' && out.size() < kNameMost) out += c;
  return out.empty() ? "runner" : out;
}

std::string render_registry_comment(std::string_view title, const RegistryPeer& peer, std::string_view client) {
  const std::string first = peer.addresses.empty() ? "" : peer.addresses.front();
  nlohmann::json info{{"peer_id", peer.peer_id}, {"runner_name", peer.runner}, {"listen_port", port_of(first)}, {"multiaddr", first}};
  info["public_ip"] = ip_of(first);
  info["last_seen"] = naive_utc(peer.seen);
  info["metadata"] = {{"client", client}, {"multiaddrs", peer.addresses}};
  return fmt::format("{}{} -->\n```json\n{}\n```\n", marker_start(title), peer.runner,
                     info.dump(2, ' ', true, nlohmann::json::error_handler_t::replace));
}

std::optional<RegistryPeer> parse_registry_comment(std::string_view title, std::string_view body) {
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  if (!body.starts_with(marker_start(title))) return std::nullopt;
  const std::size_t fence = body.find("```json");
  const std::size_t start = fence == std::string_view::npos ? fence : body.find('\n', fence);
  const std::size_t end = body.rfind("```");
  if (start == std::string_view::npos || end <= start) return std::nullopt;
  const auto info = parse_json(std::string(body.substr(start + 1, end - start - 1)), 8);
  if (!info || !info->is_object()) return std::nullopt;
  RegistryPeer out;
  out.peer_id = string_at(*info, "peer_id");
  out.runner = string_at(*info, "runner_name");
  const auto seen = parse_iso(string_at(*info, "last_seen"));
  if (out.peer_id.empty() || !seen) return std::nullopt;
  out.seen = *seen;
  if (auto first = string_at(*info, "multiaddr"); !first.empty()) out.addresses.push_back(std::move(first));
  const auto metadata = info->find("metadata");
  const auto more = metadata != info->end() && metadata->is_object() ? metadata->find("multiaddrs") : info->end();
  if (metadata != info->end() && metadata->is_object() && more != metadata->end() && more->is_array())
    for (const auto& one : *more) {
      if (out.addresses.size() == kEntryAddresses) break;
      if (!one.is_string() || one.get_ref<const std::string&>().size() > kTextMost) continue;
      auto address = one.get<std::string>();
      if (std::find(out.addresses.begin(), out.addresses.end(), address) == out.addresses.end()) out.addresses.push_back(std::move(address));
    }
  return out;
}

}  // namespace rfs
