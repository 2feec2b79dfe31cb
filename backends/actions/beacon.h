// Beacons: how runners of a fleet find each other through the Actions cache. A peer's addresses, sealed, are the key of a
// cache entry: writing needs the runtime token, listing by the beginning of the key only the token of the job
// (`actions: read`). runnerfs-formats(7), "BEACONS".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/actions/cache_service.h"
#include "base/bytes.h"
#include "base/secret.h"

namespace rfs {

struct Beacon {
  Bytes peer_id;                   // multihash
  double seen = 0;                 // wall seconds: when its peer wrote it
  std::vector<std::string> addrs;  // multiaddrs, the most useful first
};

inline constexpr std::string_view kBeaconPrefix = "rfs-beacon1-";

// The key of a cache entry: the prefix and the sealed record in base64url, 512 characters at most. Addresses that do not
// fit are left out, from the end. key: 32 bytes. kTooLarge: not even one fits.
Result<std::string> encode_beacon(const SecretBytes& key, std::string_view network_id, const Beacon& beacon);
// kTampered, kInvalid: not of this network, or not of the form.
Result<Beacon> decode_beacon(const SecretBytes& key, std::string_view network_id, std::string_view text);

struct BeaconOptions {
  std::string api_url;     // "https://api.github.com"
  std::string repository;  // "octo/hello"
  std::string user_agent;
  std::string network_id;
  double refresh = 300;  // seconds after which a peer writes a new one
  double life = 900;     // seconds after which one is of no use
  std::size_t newest = 200;  // that are looked at
};

// The board that beacons hang on. One thread at a time; blocks. Everything given outlives it.
class BeaconBoard {
 public:
  // The Authorization header's value for api_url, as it is now: for listing and removing. Null: none.
  using Authorization = std::function<std::shared_ptr<const SecretBytes>()>;
  // keys: the network's; then, after a rotation, the one before, which opens and seals nothing. web: for api_url.
  BeaconBoard(BeaconOptions options, std::vector<SecretBytes> keys, Authorization authorization, Web& web);
  ~BeaconBoard();

  // Hangs up a beacon when the last one of this board is due to be renewed; false: it is not. Failures: CacheService.
  Result<bool> announce(CacheService& service, Beacon beacon, double now);
  // The peers that hang there, newest first, one each, without `self` and without those whose time is over. A listing
  // that has not changed costs no quota. Failures: kDenied (no `actions: read`), kLimited, kUnreachable, kBroken.
  Result<std::vector<Beacon>> list(BytesView self, double now);
  // Removes what the last list() saw of `self` but its newest, and what has been over for an hour. Ends at the first
  // that it may not remove, and does not try again for an hour; answers how many.
  std::uint64_t clean(BytesView self, double now);

 private:
  struct Hung;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rfs
