#include "backends/peers/node.h"

#include <algorithm>

#include "base/log.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

namespace rfs {
namespace {

constexpr std::string_view kFernetSalt = "github-cache-p2p";
constexpr unsigned kFernetRounds = 100'000;
constexpr std::size_t kRememberedMost = 1024;  // peers that are not connected any more
constexpr std::size_t kNotesMost = 20;

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

// Reads pieces of an entry for a member: at once from memory, else on the pool.
p2p::BodyRead body_reader(const EntryPtr& entry, Pool& pool) {
  return [entry, &pool](std::uint64_t offset, std::size_t size, std::function<void(Result<Bytes>)> done) {
    auto read = [entry, offset, size, done = std::move(done)] {
      Bytes out(size);
      auto n = entry->body->read_at(offset, out);
      if (!n) return done(fail(std::move(n.error())));
      out.resize(*n);
      done(std::move(out));
    };
    if (entry->body->in_memory().size() == entry->body->size()) return read();
    pool.submit(std::move(read));
  };
}

}  // namespace

Peers::Node::Node(const Parts& parts, Start start)
    : parts_(parts),
      options_(std::move(start.options)),
      secret_(std::move(start.secret)),
      identity_(std::move(start.identity)),
      api_host_(std::move(start.api_host)),
      can_prove_(std::move(start.can_prove)),
      cache_(*start.cache),
      scans_(start.scans) {}

Result<> Peers::Node::start() {
  std::vector<p2p::Multiaddr> named;
  for (const std::string& text : options_.named) {
    std::string warning;
    TRY_ASSIGN(p2p::Multiaddr address, parse_peer_address(text, warning));
    named.push_back(std::move(address));  // the warning was told with the configuration
  }
  for (const auto& [texts, ids] : {std::pair(&options_.allow, &allow_), std::pair(&options_.block, &block_)})
    for (const std::string& text : *texts) {
      TRY_ASSIGN(p2p::PeerId id, p2p::PeerId::parse(text));
      ids->insert(std::move(id));
    }

  SigningKey key = identity_.empty() ? SigningKey::generate() : SigningKey::from_seed(identity_.reveal());
  identity_ = SecretBytes();
  self_ = p2p::PeerId::of(key.public_key());
  p2p::NetworkKey network = p2p::NetworkKey::derive(secret_.network.reveal(), options_.network_id);
  std::optional<p2p::NetworkKey> previous;
  if (secret_.previous) previous = p2p::NetworkKey::derive(secret_.previous->reveal(), options_.network_id);
  beacon_keys_.push_back(network.beacon().clone());
  if (previous) beacon_keys_.push_back(previous->beacon().clone());
  fernet_key_ = pbkdf2_sha256(secret_.text.reveal(), view(kFernetSalt), kFernetRounds, kFernetKey);
  secret_ = PeersSecret();

  const auto post_to_loop = [this](std::function<void()> job) { return post(std::move(job)); };
  protocol_ = std::make_unique<p2p::CacheProtocol>(std::move(network), std::move(previous), self_, p2p::CacheLimits{},
                                                   *this, post_to_loop);
  offers_ = std::make_unique<Offers>(parts_.memory, parts_.store, parts_.routes,
                                     [protocol = protocol_.get()](BytesView text) { return protocol->ask_id(text); });
  p2p::HostOptions host;
  host.addresses = options_.listen;
  host.ports = options_.ports;
  TRY_ASSIGN(host_, p2p::Host::start(std::move(host), std::move(key), protocols(), *this));
  if (!host_->listen_note().empty()) note("peers: " + host_->listen_note());
  started_.set_value();
  post([this, named = std::move(named)] {
    for (const p2p::Multiaddr& address : named) book_.name(address, steady_now());
    tick();
  });
  publish();
  parts_.pool.submit([self = shared_from_this()] { self->offers_->load(); });
  return {};
}

void Peers::Node::stop() {
  if (!host_ || stopping_) return;
  // A word to members, so that their connections end at once and not by a deadline.
  host_->loop().post([this] {
    for (p2p::Connection* one : connections(true)) protocol_->go_away(*one, 0);
  });
  stopping_ = true;
  count_bytes();
  host_->stop();
}

bool Peers::Node::post(std::function<void()> job) {
  running_.wait();
  return !stopping_ && host_->loop().post(std::move(job));
}

// What is noted before it runs is told by whoever starts it.
void Peers::Node::note(std::string text) {
  if (running_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) log(Level::kWarning, "{}", text);
  auto state = published_.lock();
  if (state->notes.size() < kNotesMost) state->notes.push_back(std::move(text));
}

void Peers::Node::on_ready(p2p::Connection& connection) {
  running_.wait();  // this thread may be faster than the one that starts it
  const p2p::PeerId& peer = connection.peer();
  if (block_.contains(peer) || (!allow_.empty() && !allow_.contains(peer))) {
    parts_.counters.add(Counter::kPeerRefused);
    return connection.abort({Code::kDenied, "the peer is not on the list of those allowed", {}});
  }
  Neighbour& neighbour = neighbours_[peer];
  if (neighbour.connected == SteadyTime{}) {
    neighbour.connected = steady_now();
    neighbour.connected_at = parts_.clock.wall();
  }
  protocol_->on_ready(connection);
  publish();
}

void Peers::Node::on_identified(p2p::Connection& connection) {
  neighbours_[connection.peer()].agent = connection.identify.agent_version.substr(0, 100);
  begin_exchange(connection);
  if (is_member(connection.peer())) sync(connection.peer());
  publish();
}

void Peers::Node::on_gone(p2p::Connection& connection, const Error& why) {
  protocol_->on_gone(connection);
  exchanged_.erase(&connection);
  const p2p::PeerId peer = connection.peer();
  if (why.code == Code::kBroken) {
    parts_.counters.add(Counter::kPeerRefused);
    log(Level::kWarning, "peer {} is refused for a while: {}", peer.brief(), why.message);
  }
  if (!strangers_.contains(peer)) book_.lost(peer, steady_now());
  // Its other connections, if any, are found by the host still.
  post([this, peer] {
    if (host_->find(peer)) return publish();
    Neighbour& neighbour = neighbours_[peer];
    neighbour.connected = SteadyTime{};
    neighbour.gone = steady_now();
    neighbour.synced = false;
    neighbour.outbox.clear();
    publish();
  });
}

// No line each: whoever makes them comes by the thousand.
void Peers::Node::on_turned_away() { parts_.counters.add(Counter::kPeerTurnedAway); }

void Peers::Node::on_unfinished(const Error& why) {
  parts_.counters.add(Counter::kPeerUnfinished);
  log(Level::kDebug, "a connection ended before it came up: {}", why.message);
}

void Peers::Node::on_member(p2p::Connection& connection) {
  log(Level::kInfo, "peer {} is a member of the network", connection.peer().brief());
  strangers_.erase(connection.peer());
  if (!connection.identify.protocols.empty()) sync(connection.peer());
  publish();
}

void Peers::Node::on_stranger(p2p::Connection& connection, const Error& why) {
  const p2p::PeerId peer = connection.peer();
  parts_.counters.add(Counter::kPeerRefused);
  log(Level::kWarning, "peer {}: {}; it is not dialled for ten minutes", peer.brief(), why.message);
  strangers_.insert(peer);
  post([this, peer, why] { host_->shun(peer, why); });
}

void Peers::Node::on_misbehaviour(p2p::Connection& connection, const Error& why) {
  const p2p::PeerId peer = connection.peer();
  parts_.counters.add(Counter::kPeerRefused);
  log(Level::kWarning, "peer {} is refused for a while: {}", peer.brief(), why.message);
  // Counted and told here: on_gone() does so for what the layers below find broken.
  post([this, peer, why] { host_->shun(peer, {Code::kDenied, why.message, why.hint}); });
}

void Peers::Node::on_ask(p2p::Connection& connection, const p2p::Ask& ask,
                         std::function<void(std::vector<p2p::Found>)> done) {
  parts_.counters.add(Counter::kMessages);
  parts_.pool.submit([self = shared_from_this(), peer = connection.peer(), ask, done = std::move(done)] {
    std::vector<p2p::Found> found;
    for (std::size_t i = 0; i < ask.wanted.size(); ++i) {
      p2p::Have have;
      EntryPtr entry = ask.by == p2p::AskBy::kId ? self->offers_->find(ask.wanted[i])
                                                 : self->offers_->find_body(ask.wanted[i]);
      if (!entry && ask.by == p2p::AskBy::kId) {
        entry = self->offered_entry(ask.wanted[i]);
        have.kind = kCacheKind;
      }
      if (!entry && ask.by == p2p::AskBy::kId && self->scans_) {
        const auto ask_id = [&](BytesView canonical) { return self->protocol_->ask_id(canonical); };
        if (auto given = self->scans_->find(ask.wanted[i], ask_id)) {
          entry = std::move(given->sarif);
          have.attestation = std::move(given->attestation);
          have.kind = kScanKind;
        }
      }
      if (!entry || entry->body->size() > ask.max_len) continue;
      have.index = static_cast<std::uint16_t>(i);
      have.proof = entry->meta.proof == Proof::kEtag ? 2 : 1;
      have.fetched_at = static_cast<std::uint64_t>(std::max(0.0, entry->meta.validated_at));
      have.raw_len = entry->body->size();
      have.sha256 = entry->sha256;
      found.push_back({std::move(have), body_reader(entry, self->parts_.pool)});
    }
    self->parts_.counters.add(Counter::kPeerServed, found.size());
    self->post([self, peer, n = found.size()] { self->neighbours_[peer].served += n; });
    done(std::move(found));
  });
}

// On the pool: an entry of cache/ as a body that can be given; null: a miss.
EntryPtr Peers::Node::offered_entry(const Digest& id) {
  const std::string key = offers_->find_key(id);
  if (key.empty()) return nullptr;
  const auto entry = cache_.find(key, false);
  if (!entry || !*entry || (*entry)->meta.source == Source::kPeer) return nullptr;
  auto json = cache_entry_json(**entry);
  if (!json) return nullptr;
  auto given = std::make_shared<Entry>(**entry);
  given->sha256 = sha256(view(*json));
  given->body = std::make_shared<MemoryBody>(std::move(*json));
  return given;
}

bool Peers::Node::is_member(const p2p::PeerId& peer) const {
  bool member = false;
  host_->each([&](p2p::Connection& one) { member = member || (one.peer() == peer && protocol_->is_member(one)); });
  return member;
}

std::vector<p2p::Connection*> Peers::Node::connections(bool members) const {
  std::map<p2p::PeerId, p2p::Connection*> out;
  host_->each([&](p2p::Connection& one) {
    const bool member = protocol_->is_member(one);
    if (members && !member) return;
    p2p::Connection*& best = out[one.peer()];
    if (!best || (member && !protocol_->is_member(*best))) best = &one;
  });
  std::vector<p2p::Connection*> list;
  for (const auto& [peer, connection] : out) list.push_back(connection);
  return list;
}

void Peers::Node::tick() {
  const SteadyTime now = steady_now();
  dial_due();
  send_strangers_away(now);
  announce();
  while (neighbours_.size() > kRememberedMost) {
    auto oldest = neighbours_.end();
    for (auto at = neighbours_.begin(); at != neighbours_.end(); ++at)
      if (at->second.connected == SteadyTime{} && (oldest == neighbours_.end() || at->second.gone < oldest->second.gone))
        oldest = at;
    if (oldest == neighbours_.end()) break;
    neighbours_.erase(oldest);
  }
  publish();
  host_->loop().after(Millis(500), [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && !self->stopping_) self->tick();
  });
}

PeersState Peers::Node::state() { return *published_.lock(); }

void Peers::Node::count_bytes() {
  if (!host_) return;
  const std::uint64_t in = host_->bytes_in(), out = host_->bytes_out();
  parts_.counters.add(Counter::kBytesReceived, in - counted_in_.exchange(in));
  parts_.counters.add(Counter::kBytesSent, out - counted_out_.exchange(out));
}

}  // namespace rfs
