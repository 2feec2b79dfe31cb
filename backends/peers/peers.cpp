#include "backends/peers/peers.h"

#include "backends/peers/node.h"

namespace rfs {

Peers::Peers(Parts parts) : parts_(parts) {}
Peers::~Peers() { stop(); }

Result<> Peers::start(Start start) {
  auto node = std::make_shared<Node>(parts_, std::move(start));
  TRY(node->start());
  *node_.lock() = std::move(node);
  return {};
}

void Peers::stop() {
  std::shared_ptr<Node> node;
  std::swap(node, *node_.lock());
  if (node) node->stop();
}

void Peers::ask(Ask ask, std::function<void(Result<std::optional<Answer>>)> done) {
  const std::shared_ptr<Node> node = *node_.lock();
  if (!node) return done(std::nullopt);
  node->ask(ask, std::move(done));
}

void Peers::learned(const EntryPtr& entry) {
  if (const std::shared_ptr<Node> node = *node_.lock()) node->learned(entry);
}

void Peers::share(const EntryPtr& entry) {
  if (const std::shared_ptr<Node> node = *node_.lock()) node->share(entry);
}

bool Peers::fetch_entry(const std::string& key) {
  const std::shared_ptr<Node> node = *node_.lock();
  return node && node->fetch_entry(key);
}

std::optional<PeerScan> Peers::fetch_scan(const std::string& canonical) {
  const std::shared_ptr<Node> node = *node_.lock();
  return node ? node->fetch_scan(canonical) : std::nullopt;
}

Result<> Peers::add(const std::string& address) {
  std::string warning;
  TRY_ASSIGN(const p2p::Multiaddr parsed, parse_peer_address(address, warning));
  const std::shared_ptr<Node> node = *node_.lock();
  if (!node)
    return fail(Code::kUnsupported, "peers are off, so that none can be added",
                "`runnerfs status` says why; `runnerfs doctor --peers` what to do");
  node->add(parsed);
  return {};
}

void Peers::hear(std::vector<FoundPeer> peers) {
  if (const std::shared_ptr<Node> node = *node_.lock()) node->hear(std::move(peers));
}

std::optional<FoundPeer> Peers::to_be_found() {
  const std::shared_ptr<Node> node = *node_.lock();
  return node ? node->to_be_found() : std::nullopt;
}

std::vector<SecretBytes> Peers::beacon_keys() {
  const std::shared_ptr<Node> node = *node_.lock();
  return node ? node->beacon_keys() : std::vector<SecretBytes>();
}

PeersState Peers::state() {
  const std::shared_ptr<Node> node = *node_.lock();
  return node ? node->state() : PeersState{};
}

void Peers::count_bytes() {
  if (const std::shared_ptr<Node> node = *node_.lock()) node->count_bytes();
}

}  // namespace rfs
