// The Actions cache of a job, as a client sees it: entries that are written once, found by the beginning of their key.
// Two protocols (v2: twirp with JSON and a blob store behind it; v1: GitHub Enterprise Server and act). Any thread; all of
// it blocks. Nothing of it is a paved path: every answer is taken as a stranger's.
//
// The token goes to the service alone, never to the store of blobs, whose URLs are signed and so are secrets too.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/actions/web.h"

namespace rfs {

struct CacheKeys {
  std::string key;                        // exact, or the beginning of one
  std::vector<std::string> restore_keys;  // beginnings, in their order
  std::string version;                    // 64 hex digits: what cannot be read by who wants it is not found
};

struct CacheHit {
  std::string key;
  std::string url;  // for a short while
};

class CacheService {
 public:
  virtual ~CacheService() = default;
  // Nullopt: a miss. kDenied: the token may not read.
  virtual Result<std::optional<CacheHit>> find(const CacheKeys& keys) = 0;
  // The first `size` bytes of the file become the entry. kExists: the key is taken, or reserved by who died. kDenied: the
  // token may not write. kNoSpace: the cache is full. After a failure the key is burnt: another one has to be taken.
  virtual Result<> store(const std::string& key, const std::string& version, int file, std::uint64_t size) = 0;
};

// base: the origin of ACTIONS_RESULTS_URL; ACTIONS_CACHE_URL. token: bearer(). Everything outlives the service.
std::unique_ptr<CacheService> cache_service_v2(const std::string& base, std::shared_ptr<const SecretBytes> token, Web& web,
                                               std::string user_agent);
std::unique_ptr<CacheService> cache_service_v1(const std::string& base, std::shared_ptr<const SecretBytes> token, Web& web,
                                               std::string user_agent);

// What a runner's environment says of the service.
struct CacheEndpoint {
  bool v2 = false;
  std::string base;
};
// kUnsupported: there is none. kInvalid: one that is no URL. "GHES always v1; else v2 where the runner says so."
Result<CacheEndpoint> cache_endpoint(const std::map<std::string, std::string>& environment);

// A failure of the service as an error: its own words, and what to do.
Error cache_error(const HttpResponse& response, const std::string& doing);

}  // namespace rfs
