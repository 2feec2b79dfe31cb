// Membership and the control stream. Questions are in cache_question.cpp, answers in cache_answer.cpp.
#include "p2p/cache_protocol.h"

#include <sodium.h>

#include <algorithm>

#include "p2p/cache_handlers.h"

namespace rfs::p2p {
namespace {

constexpr std::uint8_t kVersion = 1, kSuite = 1;
constexpr std::uint8_t kFromInitiator = 0x01, kFromResponder = 0x02;
constexpr std::size_t kProof = 3 + sizeof(Digest);
constexpr Millis kAnnounceSlack{1'000};

Bytes proof_message(std::uint8_t type, const Digest& mac) {
  Bytes out{type, kVersion, kSuite};
  append(out, BytesView(mac));
  return out;
}

bool is_proof(BytesView message, std::uint8_t type, const Digest& mac) {
  const std::uint8_t head[] = {type, kVersion, kSuite};
  return message.size() == kProof && std::equal(std::begin(head), std::end(head), message.begin()) &&
         sodium_memcmp(message.data() + 3, mac.data(), mac.size()) == 0;
}

}  // namespace

void Allowance::refill(SteadyTime now) {
  left_ = std::min(burst_, left_ + std::chrono::duration<double>(now - at_).count() * per_second_);
  at_ = now;
}

bool Allowance::take(double n, SteadyTime now) {
  refill(now);
  if (left_ <= 0) return false;
  left_ -= n;
  return true;
}

Millis Allowance::wait(SteadyTime now) {
  refill(now);
  return left_ > 0 ? Millis(0) : Millis(static_cast<std::int64_t>(-left_ / per_second_ * 1000) + 1);
}

CacheProtocol::CacheProtocol(NetworkKey key, std::optional<NetworkKey> previous, PeerId self, CacheLimits limits,
                             CacheEvents& events, std::function<bool(std::function<void()>)> post)
    : key_(std::move(key)),
      previous_(std::move(previous)),
      self_(std::move(self)),
      limits_(limits),
      events_(events),
      post_(std::move(post)) {}

CacheProtocol::~CacheProtocol() = default;

Protocol CacheProtocol::protocol() {
  return {[this](Stream& stream) { return accept(stream); }, limits_.streams + 1};
}

std::shared_ptr<CacheProtocol::Member> CacheProtocol::member_of(const Connection& connection) const {
  const auto found = members_.find(&connection);
  return found == members_.end() ? nullptr : found->second;
}

bool CacheProtocol::is_member(const Connection& connection) const {
  const auto member = member_of(connection);
  return member && !member->session.empty();
}

void CacheProtocol::on_ready(Connection& connection) {
  auto member = std::make_shared<Member>(limits_, connection.now());
  members_[&connection] = member;
  if (connection.role() != Role::kDialer) return;
  member->proving = true;
  connection.open(kCacheProtocolName, std::make_unique<ProofHandler>(*this, member, true));
}

void CacheProtocol::on_gone(Connection& connection) { members_.erase(&connection); }

// The first stream of the dialer is the proof; before that is complete there is no other one.
std::unique_ptr<StreamHandler> CacheProtocol::accept(Stream& stream) {
  const auto member = member_of(stream.connection());
  if (!member) return nullptr;
  if (!member->session.empty()) return std::make_unique<AnswerHandler>(*this, member);
  if (stream.connection().role() != Role::kListener || std::exchange(member->proving, true)) return nullptr;
  return std::make_unique<ProofHandler>(*this, member, false);
}

void CacheProtocol::misbehaved(Stream& stream, const Error& why) {
  if (!stream.alive()) return;
  Connection& connection = stream.connection();
  stream.reset();
  events_.on_misbehaviour(connection, why);
}

bool CacheProtocol::announce(Connection& connection, const Announce& announce) {
  const auto member = member_of(connection);
  const auto control = member ? member->control.lock() : nullptr;
  if (!control || announce.entries.empty() || announce.entries.size() > kAnnounceMost) return false;
  if (member->announced != SteadyTime{} && connection.now() - member->announced < limits_.announce_every) return false;
  member->announced = connection.now();
  control->write(member->control_sealer->seal(encode(announce)));
  return true;
}

void CacheProtocol::go_away(Connection& connection, std::uint8_t reason) {
  const auto member = member_of(connection);
  const auto control = member ? member->control.lock() : nullptr;
  if (!control) return;
  control->write(member->control_sealer->seal(encode(GoingAway{reason})));
  control->finish();
}

NetworkKey::Transcript ProofHandler::transcript(Stream& stream) const {
  const Connection& connection = stream.connection();
  const PeerId &self = protocol_.self_, &peer = connection.peer();
  return {dialer_ ? self : peer, dialer_ ? peer : self, connection.handshake_hash()};
}

void ProofHandler::on_open(Stream& stream) {
  begun_ = stream.connection().now();
  stream.idle_limit(protocol_.limits_.proof);
  if (!dialer_) return;
  own_mac_ = protocol_.key_.initiator_mac(transcript(stream));
  stream.write(proof_message(kFromInitiator, own_mac_));
}

void ProofHandler::on_data(Stream& stream, BytesView data) {
  stream.consumed(data.size());
  if (!opener_) {
    const BytesView piece = data.first(std::min(kProof - proof_.size(), data.size()));
    append(proof_, piece);
    data = data.subspan(piece.size());
    // Whoever drips is never idle.
    if (stream.connection().now() - begun_ > protocol_.limits_.proof) return stream.reset();
    if (proof_.size() < kProof) return;
    prove(stream);
  }
  if (!stream.alive() || data.empty()) return;
  const auto taken = opener_->receive(data, [&](BytesView plaintext) { return frame(stream, plaintext); });
  if (!taken) protocol_.misbehaved(stream, taken.error());
}

void ProofHandler::prove(Stream& stream) {
  const auto at = transcript(stream);
  const Digest& hash = at.hash;
  if (dialer_) {
    if (is_proof(proof_, kFromResponder, protocol_.key_.responder_mac(at, own_mac_)))
      return proven(stream, protocol_.key_.session(hash));
  } else {
    for (const NetworkKey* key : {&protocol_.key_, protocol_.previous_ ? &*protocol_.previous_ : nullptr}) {
      if (!key) continue;
      const Digest theirs = key->initiator_mac(at);
      if (!is_proof(proof_, kFromInitiator, theirs)) continue;
      stream.write(proof_message(kFromResponder, key->responder_mac(at, theirs)));
      return proven(stream, key->session(hash));
    }
  }
  Connection& connection = stream.connection();
  const Error why{Code::kDenied, "the peer does not know the network's secret", {}};
  protocol_.events_.on_stranger(connection, why);
  connection.abort(why);
}

void ProofHandler::proven(Stream& stream, SecretBytes session) {
  stream.idle_limit(Millis(0));  // the control stream lives as long as the connection
  member_->control_sealer = std::make_unique<FrameSealer>(stream_key(session, stream.id(), stream.ours()));
  opener_ = std::make_unique<FrameOpener>(stream_key(session, stream.id(), !stream.ours()));
  member_->control = stream.weak_from_this();
  member_->session = std::move(session);
  protocol_.events_.on_member(stream.connection());
}

Result<> ProofHandler::frame(Stream& stream, BytesView plaintext) {
  TRY_ASSIGN(const CacheFrame decoded, decode_cache_frame(plaintext));
  if (!stream.alive()) return fail(Code::kAborted, "the stream has ended");
  Connection& connection = stream.connection();
  if (const auto* announce = std::get_if<Announce>(&decoded)) {
    const SteadyTime now = connection.now();
    const bool early =
        member_->heard != SteadyTime{} && now - member_->heard + kAnnounceSlack < protocol_.limits_.announce_every;
    if (early) return {};
    member_->heard = now;
    protocol_.events_.on_announce(connection, *announce);
    return {};
  }
  if (std::holds_alternative<GoingAway>(decoded)) {
    connection.close();
    return {};
  }
  return fail(Code::kBroken, "a frame that has no place on the control stream");
}

}  // namespace rfs::p2p
