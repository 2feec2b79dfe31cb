// Results of scans between members: what a node gives of codeql/, and what it gets. runnerfs-p2p(7), "SCAN RESULTS".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "backends/entry.h"

namespace rfs {

inline constexpr std::uint64_t kPeerScanMost = 64u << 20;  // bytes of a SARIF that travels

// What the pseudonym of a result is made of: lp("codeql") lp("name") and lp of repository (lower case), commit,
// configuration and language; or lp("codeql") lp("key") lp(SHA-256 of the scan's key, hex).
std::string canonical_scan_name(std::string_view repository, std::string_view commit, std::string_view config,
                                std::string_view language);
std::string canonical_scan_key(std::string_view hash);

struct GivenScan {
  EntryPtr sarif;
  Bytes attestation;  // the manifest, where a writer signed it and it fits; else empty
};

// Whoever keeps results here. Pool threads.
class ScanSource {
 public:
  virtual ~ScanSource() = default;
  // The result that has the pseudonym, by name or key; nullopt: a miss, also for what other peers gave.
  virtual std::optional<GivenScan> find(const Digest& id, const std::function<Digest(BytesView)>& ask_id) = 0;
};

// A result as a member sent it; only the digest was checked, against what the member itself said.
struct PeerScan {
  std::string sarif;
  Bytes attestation;
  std::string peer;  // its id
};

}  // namespace rfs
