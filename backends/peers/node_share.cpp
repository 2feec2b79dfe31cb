// Entries of cache/ on their way to peers and from them: /github-cache/1.0.0.
#include <algorithm>
#include <cmath>

#include "backends/peers/node.h"
#include "base/log.h"

namespace rfs {
namespace {

constexpr double kTokenAge = 600;  // seconds; what is older is a replay
constexpr std::size_t kAtOnce = 8, kOutboxMost = 1024;
constexpr int kTokenTries = 3;
constexpr Millis kTryAgain{1'000};
constexpr double kSyncAge = 3600;
constexpr std::size_t kSyncMost = 256;
constexpr int kBadTokensMost = 100;
constexpr std::size_t kAckMost = 1024;

}  // namespace

p2p::Protocols Peers::Node::protocols() {
  p2p::Protocols out;
  out[p2p::kCacheProtocolName] = protocol_->protocol();
  if (!options_.compat) return out;
  const auto post_to_loop = [this](std::function<void()> job) { return post(std::move(job)); };
  p2p::TokenService cache;
  cache.received = [this](p2p::Connection& from, FernetMessage message, p2p::TokenAnswer answer) {
    token_received(from, std::move(message), std::move(answer));
  };
  cache.refused = [this](p2p::Connection& from) { token_refused(from); };
  cache.proven = [this](const p2p::PeerId& peer) {
    const auto at = neighbours_.find(peer);
    return at != neighbours_.end() && at->second.proven;
  };
  cache.not_decrypted = "ERROR: Decryption failed";
  p2p::TokenService exchange = cache;
  exchange.received = [this](p2p::Connection& from, FernetMessage message, p2p::TokenAnswer answer) {
    exchange_received(from, std::move(message), std::move(answer));
  };
  exchange.not_decrypted = "ERROR";
  exchange.token_most = 128 * 1024;
  out[kTokenProtocol] = p2p::token_protocol(fernet_key_, std::move(cache), post_to_loop);
  out[kExchangeProtocol] = p2p::token_protocol(fernet_key_, std::move(exchange), post_to_loop);
  return out;
}

std::string Peers::Node::seal(std::string_view text) const {
  return fernet_seal(fernet_key_.reveal(), view(text), static_cast<std::uint64_t>(parts_.clock.wall()));
}

bool Peers::Node::is_recent(std::uint64_t time) const {
  return std::abs(parts_.clock.wall() - static_cast<double>(time)) <= kTokenAge;
}

void Peers::Node::proven(const p2p::PeerId& peer) {
  Neighbour& neighbour = neighbours_[peer];
  if (std::exchange(neighbour.proven, true)) return;
  log(Level::kInfo, "peer {} holds the secret of the Python implementation's network", peer.brief());
  sync(peer);
  publish();
}

void Peers::Node::token_refused(p2p::Connection& connection) {
  parts_.counters.add(Counter::kCacheRefused);
  Neighbour& neighbour = neighbours_[connection.peer()];
  neighbour.refused += 1;
  if (++neighbour.bad_tokens < kBadTokensMost) return;
  neighbour.bad_tokens = 0;
  on_misbehaviour(connection, {Code::kDenied, "too many messages under another secret", {}});
}

void Peers::Node::token_received(p2p::Connection& connection, FernetMessage message, p2p::TokenAnswer answer) {
  parts_.counters.add(Counter::kMessages, 2);
  const p2p::PeerId peer = connection.peer();
  if (!is_recent(message.time)) {
    // Recorded by somebody, perhaps: it proves nothing, and is answered as any that is not kept.
    parts_.counters.add(Counter::kCacheRefused);
    neighbours_[peer].refused += 1;
    return answer("OK");
  }
  proven(peer);
  parts_.pool.submit([self = shared_from_this(), peer, kept = std::make_shared<FernetMessage>(std::move(message)),
                      answer = std::move(answer)] { answer(self->arrived(peer, kept->plaintext)); });
}

// On the pool: the answer to a message.
std::string Peers::Node::arrived(const p2p::PeerId& peer, BytesView plaintext) {
  auto arrival = parse_cache_message(text(plaintext));
  Result<bool> stored = fail(Code::kInvalid, "a message that is no entry");
  if (arrival) {
    arrival->peer = peer.text();
    stored = cache_.receive(*arrival);
  }
  const bool refused = !stored;
  if (refused) parts_.counters.add(Counter::kCacheRefused);
  if (stored && *stored) parts_.counters.add(Counter::kCacheReceived);
  post([self = shared_from_this(), peer, refused, kept = stored && *stored] {
    Neighbour& neighbour = self->neighbours_[peer];
    if (refused) neighbour.refused += 1;
    if (kept) neighbour.received += 1;
  });
  if (arrival) return "OK";
  switch (arrival.error()) {
    case CacheRefusal::kNotJson:
      return "ERROR: Decryption failed";
    case CacheRefusal::kIncomplete:
      return "ERROR: Invalid format";
    case CacheRefusal::kWrongType:
      return "";
  }
  return "";
}

void Peers::Node::share(const EntryPtr& entry) {
  offers_->learned(*entry);
  if (!options_.compat || stopping_) return;
  parts_.pool.submit([self = shared_from_this(), entry] {
    const auto message = cache_message(*entry);
    if (!message) return;
    auto token = std::make_shared<const std::string>(self->seal(*message));
    self->post([self, token] {
      for (p2p::Connection* one : self->connections(false))
        if (self->takes_tokens(*one)) self->queue_token(one->peer(), token);
    });
  });
}

// Each token lets who gets it test guesses at the secret, so only those get one who hold it, or whom the owner named.
bool Peers::Node::takes_tokens(p2p::Connection& connection) const {
  const auto at = neighbours_.find(connection.peer());
  const bool held = at != neighbours_.end() && at->second.proven, named = book_.is_named(connection.peer());
  const auto& spoken = connection.identify.protocols;
  // Some peers of the Python implementation say nothing of themselves.
  if (spoken.empty()) return held || named;
  const bool speaks = std::find(spoken.begin(), spoken.end(), kTokenProtocol) != spoken.end();
  return speaks && (held || named || protocol_->is_member(connection));
}

void Peers::Node::queue_token(const p2p::PeerId& peer, const Token& token) {
  Neighbour& neighbour = neighbours_[peer];
  if (neighbour.outbox.size() >= kOutboxMost) neighbour.outbox.pop_front();
  neighbour.outbox.push_back(token);
  send_next(peer);
}

void Peers::Node::send_next(const p2p::PeerId& peer) {
  Neighbour& neighbour = neighbours_[peer];
  while (neighbour.sending < kAtOnce && !neighbour.outbox.empty()) {
    const Token token = std::move(neighbour.outbox.front());
    neighbour.outbox.pop_front();
    ++neighbour.sending;
    send_token_to(peer, token, 1);
  }
}

void Peers::Node::send_token_to(const p2p::PeerId& peer, const Token& token, int tries) {
  p2p::Connection* connection = host_->find(peer);
  const auto over = [this, peer] {
    --neighbours_[peer].sending;
    send_next(peer);
  };
  if (!connection || stopping_) return over();
  parts_.counters.add(Counter::kMessages);
  p2p::send_token(*connection, kTokenProtocol, *token, kAckMost,
                  [this, peer, token, tries, over](Result<std::string> answer) {
                    if (stopping_) return;
                    if (answer) {
                      parts_.counters.add(Counter::kMessages);
                      if (*answer == "OK") {
                        parts_.counters.add(Counter::kCacheShared);
                        neighbours_[peer].served += 1;
                      }
                      return over();
                    }
                    if (tries >= kTokenTries || answer.error().code == Code::kUnsupported) return over();
                    host_->loop().after(kTryAgain, [weak = weak_from_this(), peer, token, tries] {
                      if (const auto self = weak.lock()) self->send_token_to(peer, token, tries + 1);
                    });
                  });
}

// Who comes later gets what was put here lately.
void Peers::Node::sync(const p2p::PeerId& peer) {
  if (!options_.compat || std::exchange(neighbours_[peer].synced, true)) return;
  parts_.pool.submit([self = shared_from_this(), peer] {
    for (const EntryPtr& entry : self->cache_.recent(kSyncAge, kSyncMost)) {
      const auto message = cache_message(*entry);
      if (!message) continue;
      auto token = std::make_shared<const std::string>(self->seal(*message));
      self->post([self, peer, token] {
        p2p::Connection* one = self->host_->find(peer);
        if (one && self->takes_tokens(*one)) self->queue_token(peer, token);
      });
    }
  });
}

}  // namespace rfs
