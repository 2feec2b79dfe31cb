// The board: one REST listing, sorted by age, and the removal of what is over.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "backends/actions/beacon.h"
#include "backends/github/request.h"
#include "base/encode.h"
#include "base/fd.h"
#include "base/json.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

constexpr double kAheadOfUs = 300, kLongOver = 3600, kCleanAgain = 3600;
constexpr std::size_t kPage = 100, kCleanedMost = 20;

std::string beacon_version() { return hex(sha256(view("runnerfs-beacon|1"))); }

// What the listing says of entries with our prefix.
struct ListedKey {
  std::uint64_t id;
  std::string key;
};
std::optional<std::vector<ListedKey>> keys_of(const std::string& body) {
  const auto answer = parse_json(body, 16);
  if (!answer || !answer->is_object()) return std::nullopt;
  const auto list = answer->find("actions_caches");
  if (list == answer->end() || !list->is_array()) return std::nullopt;
  std::vector<ListedKey> out;
  for (const auto& one : *list)
    if (one.is_object() && one.contains("id") && one["id"].is_number_unsigned() && one.contains("key") && one["key"].is_string())
      out.push_back({one["id"].get<std::uint64_t>(), one["key"].get<std::string>()});
  return out;
}

Error listing_error(const HttpResponse& response) {
  const bool denied = response.status == 401 || response.status == 403 || response.status == 404;
  const bool limited = response.status == 429 || (response.status == 403 && response.headers.get("x-ratelimit-remaining") == "0");
  return {limited ? Code::kLimited : denied ? Code::kDenied : Code::kBroken,
          fmt::format("the caches of the repository cannot be listed: {}", response.status),
          limited ? "" : "give the job the permission `actions: read`", -1};
}

}  // namespace

struct BeaconBoard::Hung {
  std::uint64_t id;
  Beacon beacon;
};

struct BeaconBoard::State {
  BeaconOptions options;
  std::vector<SecretBytes> keys;
  Authorization authorization;
  Web& web;
  double announced = -1, refused = -1;
  struct Page {
    std::string etag;
    std::vector<ListedKey> keys;
  };
  std::vector<Page> pages;
  std::vector<Hung> hung;  // of the last list(), newest first

  HttpRequest request(const std::string& rest) const {
    HttpRequest out;
    out.url = fmt::format("{}/repos/{}/actions/caches{}", options.api_url, options.repository, rest);
    out.timeout = Millis(15'000);
    out.max_body = 4u << 20;
    out.headers = {{"User-Agent", options.user_agent},
                   {"Accept", "application/vnd.github+json"},
                   {"X-GitHub-Api-Version", kApiVersion}};
    out.authorization = authorization();
    return out;
  }

  Result<> read_page(std::size_t number) {
    if (pages.size() <= number) pages.resize(number + 1);
    Page& page = pages[number];
    HttpRequest want = request(fmt::format("?key={}&sort=created_at&direction=desc&per_page={}&page={}", kBeaconPrefix, kPage,
                                           number + 1));
    if (!page.etag.empty()) want.headers.emplace_back("If-None-Match", page.etag);
    TRY_ASSIGN(const HttpResponse response, web.ask(want));
    if (response.status == 304 && !page.etag.empty()) return {};
    if (response.status != 200) return fail(listing_error(response));
    auto listed = keys_of(response.body);
    if (!listed) return fail(Code::kBroken, "the list of caches is not of the form");
    page = {std::string(response.headers.get("etag")), std::move(*listed)};
    return {};
  }

  void open_all() {
    hung.clear();
    std::size_t looked = 0;
    for (const Page& page : pages)
      for (const ListedKey& one : page.keys) {
        if (++looked > options.newest) return;
        for (const SecretBytes& key : keys) {
          auto beacon = decode_beacon(key, options.network_id, one.key);
          if (!beacon) continue;
          hung.push_back({one.id, std::move(*beacon)});
          break;
        }
      }
  }
};

BeaconBoard::BeaconBoard(BeaconOptions options, std::vector<SecretBytes> keys, Authorization authorization, Web& web)
    : state_(new State{std::move(options), std::move(keys), std::move(authorization), web, -1, -1, {}, {}}) {}
BeaconBoard::~BeaconBoard() = default;

Result<bool> BeaconBoard::announce(CacheService& service, Beacon beacon, double now) {
  State& state = *state_;
  if (state.announced >= 0 && std::abs(now - state.announced) < state.options.refresh) return false;
  beacon.seen = now;
  TRY_ASSIGN(const std::string key, encode_beacon(state.keys.at(0), state.options.network_id, beacon));
  // An entry may not be empty.
  const Fd file(::memfd_create("runnerfs-beacon", MFD_CLOEXEC));
  if (!file || ::pwrite(file.get(), "\n", 1, 0) != 1) return fail_errno(errno, "memory for a beacon");
  TRY(service.store(key, beacon_version(), file.get(), 1));
  state.announced = now;
  return true;
}

Result<std::vector<Beacon>> BeaconBoard::list(BytesView self, double now) {
  State& state = *state_;
  const std::size_t most = (state.options.newest + kPage - 1) / kPage;
  std::size_t number = 0;
  do {
    TRY(state.read_page(number));
  } while (state.pages[number].keys.size() == kPage && ++number < most);
  state.pages.resize(std::min(state.pages.size(), number + 1));
  state.open_all();
  std::stable_sort(state.hung.begin(), state.hung.end(),
                   [](const Hung& a, const Hung& b) { return a.beacon.seen > b.beacon.seen; });
  std::vector<Beacon> out;
  for (const Hung& one : state.hung) {
    const Beacon& beacon = one.beacon;
    // A clock that is ahead makes nobody newer than he is.
    if (now - beacon.seen > state.options.life || beacon.seen - now > kAheadOfUs) continue;
    const bool own = std::equal(beacon.peer_id.begin(), beacon.peer_id.end(), self.begin(), self.end());
    const bool known = std::any_of(out.begin(), out.end(), [&](const Beacon& there) { return there.peer_id == beacon.peer_id; });
    if (!own && !known) out.push_back(beacon);
  }
  return out;
}

std::uint64_t BeaconBoard::clean(BytesView self, double now) {
  State& state = *state_;
  if (state.refused >= 0 && std::abs(now - state.refused) < kCleanAgain) return 0;
  std::uint64_t removed = 0;
  bool newest_of_self = true;
  for (const Hung& one : state.hung) {
    const bool own = std::equal(one.beacon.peer_id.begin(), one.beacon.peer_id.end(), self.begin(), self.end());
    if (own && std::exchange(newest_of_self, false)) continue;
    if (!own && now - one.beacon.seen < state.options.life + kLongOver) continue;
    if (removed == kCleanedMost) break;
    HttpRequest request = state.request(fmt::format("/{}", one.id));
    request.method = "DELETE";
    const auto gone = state.web.once(std::move(request));
    if (!gone || ((gone->status < 200 || gone->status >= 300) && gone->status != 404)) {
      state.refused = now;
      break;
    }
    ++removed;
  }
  return removed;
}

}  // namespace rfs
