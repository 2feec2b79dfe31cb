// Peers: the tier between the disk and GitHub. A libp2p node that asks members for bodies of api/ and gives them ours,
// and that passes entries of cache/ on, to members and to peers of the Python implementation. runnerfs-p2p(7).
//
// Until start(), and after stop(), it is a tier that has nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/cache/cache.h"
#include "backends/github/routes.h"
#include "backends/memory_tier.h"
#include "backends/peers/scan_source.h"
#include "backends/peers/sharing.h"
#include "backends/tier.h"
#include "base/counters.h"
#include "base/error_ring.h"
#include "base/pool.h"
#include "base/secret.h"

namespace rfs {

struct PeersOptions {
  std::string network_id = "ipfs-datasets-py-cache";
  Verify verify = Verify::kEtag;
  std::vector<std::string> listen{"0.0.0.0", "::"};  // addresses of this machine
  std::vector<std::uint16_t> ports;                  // tried in their order; empty: it does not listen
  std::vector<std::string> named;                    // multiaddrs of peers, as the owner wrote them
  std::vector<std::string> allow, block;             // peer ids; allow empty: all who prove themselves
  Millis deadline{50};                               // of a question
  std::size_t max_peers = 20;                        // whom it dials by hearsay
  std::uint64_t max_object_size = 100u << 20;
  bool compat = true;    // speak /github-cache/1.0.0
  bool exchange = true;  // tell peers of peers, and listen to it
};

// What a network is entered with.
struct PeersSecret {
  SecretBytes network;                  // N: 32 bytes of a fleet secret, else the text
  std::optional<SecretBytes> previous;  // the one before a rotation
  SecretBytes text;                     // as the Python implementation takes it
};

// A peer as its beacon tells of it (backends/actions/beacon.h).
struct FoundPeer {
  Bytes id;                            // multihash
  std::vector<std::string> addresses;  // multiaddrs
};

struct PeerState {
  std::string id, agent, proof;  // proof: "member", "token" or "none"
  std::vector<std::string> addresses;
  std::optional<Millis> latency;
  bool named = false, resting = false;
  std::uint64_t served = 0, received = 0, refused = 0;  // bodies and entries given, had, and had in vain
  double connected_at = 0;
};
struct PeersState {
  bool running = false;
  std::string id;
  std::vector<std::string> addresses;  // with the peer id
  std::uint16_t port = 0;              // 0: it does not listen
  std::vector<std::string> notes;      // what the owner should know: another port, a name that does not resolve
  std::vector<PeerState> peers;        // connected ones
};

class Peers final : public RemoteTier {
 public:
  // What is named here outlives it. store may be null.
  struct Parts {
    MemoryTier& memory;
    DiskTier* store;
    const Routes& routes;
    const Clock& clock;
    Pool& pool;
    Counters& counters;
    ErrorRing& errors;
  };
  explicit Peers(Parts parts);
  ~Peers() override;  // stop()

  struct Start {
    PeersOptions options;
    PeersSecret secret;
    SecretBytes identity;             // the seed of its Ed25519 key; empty: a fresh one
    std::string api_host;             // OriginTier::host()
    std::function<bool()> can_prove;  // whether GitHub can confirm a body now
    Cache* cache;
    ScanSource* scans = nullptr;  // results of scans that members may have; outlives the node. Null: none
  };
  // Once, after the process has daemonised; takes about 50 ms (PBKDF2). kInvalid: an address that is none. kBusy and
  // others: it cannot listen.
  Result<> start(Start start);
  // Says good-bye. Before the pool ends. Idempotent.
  void stop();

  void ask(Ask ask, std::function<void(Result<std::optional<Answer>>)> done) override;
  void learned(const EntryPtr& entry) override;
  // An entry of cache/ that was put here. Any thread.
  void share(const EntryPtr& entry);
  // Asks members for an entry of cache/ that is not here, and waits for it, for at most the deadline of a question. True:
  // it came and was kept. At once where nobody can be asked, and for a name that nobody had a moment ago. Any thread but
  // the loop's and the pool's.
  bool fetch_entry(const std::string& key);
  // Asks members for a result of a scan, by what its pseudonym is made of; as fetch_entry(), but a body that is on its way
  // is waited for, for at most five seconds. Nothing is kept. Nullopt: nobody has it.
  std::optional<PeerScan> fetch_scan(const std::string& canonical);
  // Dials, for good. kUnsupported: it does not run. kInvalid: no address.
  Result<> add(const std::string& address);
  // Dials them, a few a minute, unless enough are connected. Believed as much as is good for an address that a member gave
  // of itself: it is a member only when it proves it. Any thread.
  void hear(std::vector<FoundPeer> peers);
  // What others need to find this node; nullopt: it does not listen, or has no address that leads here. Any thread.
  std::optional<FoundPeer> to_be_found();
  // What beacons of the network are sealed under; then, after a rotation, what they were. Empty: it does not run.
  std::vector<SecretBytes> beacon_keys();
  // Any thread; as of the last second.
  PeersState state();
  // Adds the bytes on the wire to the counters.
  void count_bytes();

  class Node;

 private:
  const Parts parts_;
  Sync<std::shared_ptr<Node>> node_;
};

}  // namespace rfs
