// Peers' inside: the node while it runs. All state here belongs to the loop's thread, but for what says otherwise.
#pragma once

#include <atomic>
#include <deque>
#include <future>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "backends/peers/address_book.h"
#include "backends/peers/cache_message.h"
#include "backends/peers/offers.h"
#include "backends/peers/peers.h"
#include "backends/peers/question.h"
#include "backends/peers/rank.h"
#include "p2p/cache_protocol.h"
#include "p2p/host.h"
#include "p2p/token_exchange.h"

namespace rfs {

inline constexpr const char* kTokenProtocol = "/github-cache/1.0.0";
inline constexpr const char* kExchangeProtocol = "/github-cache/peer-exchange/1.0.0";

inline constexpr std::uint8_t kCacheKind = 2, kScanKind = 3;  // p2p::Have::kind

// One message on its way to several peers.
using Token = std::shared_ptr<const std::string>;

class Peers::Node final : public p2p::HostEvents, public p2p::CacheEvents, public std::enable_shared_from_this<Node> {
 public:
  Node(const Parts& parts, Start start);
  // Derives the keys and listens. Not on the loop.
  Result<> start();
  void stop();

  // Any thread.
  void ask(const rfs::Ask& ask, std::function<void(Result<std::optional<Answer>>)> done);
  void learned(const EntryPtr& entry) { offers_->learned(*entry); }
  void share(const EntryPtr& entry);
  bool fetch_entry(const std::string& key);
  std::optional<PeerScan> fetch_scan(const std::string& canonical);
  void add(const p2p::Multiaddr& address);
  void hear(std::vector<FoundPeer> peers);
  std::optional<FoundPeer> to_be_found() const;
  std::vector<SecretBytes> beacon_keys() const;
  PeersState state();
  void count_bytes();

 private:
  // What is known of a peer; kept for a while after its connections have gone.
  struct Neighbour {
    Rank rank;
    bool proven = false;  // it sent or answered a token that verifies
    std::string agent;
    std::uint64_t served = 0, received = 0, refused = 0;
    double connected_at = 0;
    SteadyTime connected{}, gone{};
    int bad_tokens = 0;
    bool synced = false;
    std::unordered_set<Digest, DigestHash> announced;  // what it said to have
    std::deque<Token> outbox;
    std::size_t sending = 0;
  };

  // node.cpp
  bool post(std::function<void()> job);
  void on_ready(p2p::Connection& connection) override;
  void on_identified(p2p::Connection& connection) override;
  void on_gone(p2p::Connection& connection, const Error& why) override;
  void on_turned_away() override;
  void on_unfinished(const Error& why) override;
  void on_member(p2p::Connection& connection) override;
  void on_stranger(p2p::Connection& connection, const Error& why) override;
  void on_misbehaviour(p2p::Connection& connection, const Error& why) override;
  void on_announce(p2p::Connection& connection, const p2p::Announce& announce) override;
  void on_ask(p2p::Connection& connection, const p2p::Ask& ask,
              std::function<void(std::vector<p2p::Found>)> done) override;
  EntryPtr offered_entry(const Digest& id);
  void tick();
  void publish();
  bool is_member(const p2p::PeerId& peer) const;
  // One connection a peer; members only, or all that are kept.
  std::vector<p2p::Connection*> connections(bool members) const;
  void note(std::string text);

  // node_dial.cpp
  void dial_due();
  void dial(const p2p::Multiaddr& address);
  void begin_exchange(p2p::Connection& connection);
  std::string exchange_text() const;
  void heard(const ExchangeMessage& message);
  void found(const std::vector<FoundPeer>& peers);
  std::vector<std::string> own_addresses() const;
  void send_strangers_away(SteadyTime now);

  // node_ask.cpp
  void ask_now(std::shared_ptr<const ApiRequest> request, std::function<void(Result<std::optional<Answer>>)> done);
  std::vector<p2p::Connection*> suitable(const Digest& id, SteadyTime now) const;
  bool ask_all(const Question& question, std::function<void(std::optional<PeerBody>)> done,
               std::function<void()> had = {});
  bool was_absent(const std::string& canonical);
  std::optional<PeerBody> fetch(const Question& question, Millis for_a_body);
  void announce();
  void told(const p2p::PeerId& peer, MemberDid how, Millis took);
  void answer(const ApiRequest& request, PeerBody body, std::function<void(Result<std::optional<Answer>>)> done);

  // node_share.cpp
  p2p::Protocols protocols();
  void token_received(p2p::Connection& connection, FernetMessage message, p2p::TokenAnswer answer);
  void exchange_received(p2p::Connection& connection, FernetMessage message, p2p::TokenAnswer answer);
  void token_refused(p2p::Connection& connection);
  void proven(const p2p::PeerId& peer);
  std::string arrived(const p2p::PeerId& peer, BytesView plaintext);
  bool is_recent(std::uint64_t time) const;
  bool takes_tokens(p2p::Connection& connection) const;
  void queue_token(const p2p::PeerId& peer, const Token& token);
  void send_next(const p2p::PeerId& peer);
  void send_token_to(const p2p::PeerId& peer, const Token& token, int tries);
  void sync(const p2p::PeerId& peer);
  std::string seal(std::string_view text) const;

  const Parts parts_;
  const PeersOptions options_;
  PeersSecret secret_;  // emptied by start()
  SecretBytes identity_;
  const std::string api_host_;
  const std::function<bool()> can_prove_;
  Cache& cache_;
  ScanSource* const scans_;
  SecretBytes fernet_key_;
  std::vector<SecretBytes> beacon_keys_;  // fixed by start()
  std::set<p2p::PeerId> allow_, block_;
  p2p::PeerId self_;

  std::unique_ptr<Offers> offers_;
  std::unique_ptr<p2p::CacheProtocol> protocol_;
  std::unique_ptr<p2p::Host> host_;
  std::promise<void> started_;
  std::shared_future<void> running_{started_.get_future()};
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> members_{0};
  std::atomic<std::uint64_t> counted_in_{0}, counted_out_{0};

  AddressBook book_;
  std::map<p2p::PeerId, Neighbour> neighbours_;
  std::set<const p2p::Connection*> exchanged_;  // on which a peer exchange was begun
  std::set<p2p::PeerId> strangers_;  // who failed the proof; not dialled again for a while
  std::int64_t held_ = 0;            // bytes of bodies under way
  SteadyTime announced_{};
  Sync<PeersState> published_;
  Sync<std::unordered_map<std::string, SteadyTime>> absent_;  // keys of cache/ that nobody had a moment ago
};

}  // namespace rfs
