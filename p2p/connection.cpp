// The way up from bytes to streams, and the end of it. Streams are in connection_streams.cpp.
#include "p2p/connection.h"

#include <algorithm>

#include "p2p/connection_sessions.h"

namespace rfs::p2p {
namespace {

constexpr const char* kNoise = "/noise";
constexpr const char* kYamux = "/yamux/1.0.0";

tl::unexpected<Error> broken(const char* why) { return fail(Code::kBroken, why); }

}  // namespace

Connection::Connection(Role role, PeerId expected, const ConnectionOptions& options, const SigningKey& identity,
                       const Protocols& protocols, Owner& owner, SteadyTime now)
    : role_(role),
      expected_(std::move(expected)),
      options_(options),
      identity_(identity),
      protocols_(protocols),
      owner_(owner),
      started_(now),
      now_(now),
      frame_tokens_(options.idle_frames),
      tokens_at_(now),
      received_at_(now) {
  select_ = std::make_unique<Multistream>(
      role == Role::kDialer ? Multistream::dialer({kNoise})
                            : Multistream::listener([](std::string_view name) { return name == kNoise; }));
  raw_ = select_->take_output();
  frames_.limit(kHandshakeMost);
}

Connection::~Connection() {
  for (auto& [id, stream] : streams_) stream->connection_ = nullptr;
  owner_.release(unread_);
}

void Connection::receive(MutableBytes bytes, SteadyTime now) {
  now_ = received_at_ = now;
  if (phase_ == Phase::kClosed) return;
  ++busy_;
  const auto taken = take(bytes);
  if (!taken && phase_ != Phase::kClosed) close_with(GoAway::kProtocol, taken.error());
  if (phase_ == Phase::kOpen) charge_idle_frames();
  close_if_drained();
  --busy_;
  settle();
  if (has_output()) owner_.on_output(*this);
}

Result<> Connection::take(MutableBytes bytes) {
  if (phase_ == Phase::kSecurity) TRY(select_security(bytes));
  return frames_.receive(bytes, [this](MutableBytes one) { return message(one); });
}

Result<> Connection::select_security(MutableBytes& bytes) {
  BytesView rest = bytes;
  const auto state = select_->receive(rest);
  append(raw_, select_->take_output());
  bytes = bytes.last(rest.size());
  if (state == Multistream::State::kFailed) return broken("the peer speaks no /noise");
  if (state == Multistream::State::kGoing) return {};
  select_.reset();
  NoiseOptions options;
  options.muxers = {kYamux};
  options.expected = expected_;
  handshake_ = std::make_unique<NoiseHandshake>(role_, identity_, std::move(options));
  phase_ = Phase::kHandshake;
  send_handshake();
  return {};
}

void Connection::send_handshake() {
  if (const auto message = handshake_->take_message()) append_noise_frame(raw_, *message);
}

Result<> Connection::message(MutableBytes message) {
  if (phase_ == Phase::kClosed) return broken("the connection is closed");
  if (phase_ == Phase::kHandshake) return handshake(message);
  TRY_ASSIGN(BytesView plain, channel_->open(message));
  if (phase_ == Phase::kMuxer) TRY(select_muxer(plain));
  if (phase_ == Phase::kOpen && !plain.empty()) return yamux_->receive(plain);
  return {};
}

Result<> Connection::handshake(BytesView message) {
  TRY(handshake_->receive(message));
  send_handshake();
  return handshake_->done() ? secured() : Result<>();
}

Result<> Connection::secured() {
  session_ = handshake_->finish();
  handshake_.reset();
  channel_ = std::make_unique<SecureChannel>(session_.send_key, session_.receive_key);
  session_.send_key = SecretBytes();
  session_.receive_key = SecretBytes();
  frames_.limit(kNoiseMost);
  if (session_.peer == PeerId::of(identity_.public_key())) return fail(Code::kDenied, "the peer is this node itself");
  if (!owner_.on_secured(*this)) return fail(Code::kLimited, "too many connections");
  const auto& theirs = session_.peer_muxers;
  if (std::find(theirs.begin(), theirs.end(), kYamux) != theirs.end()) {
    start_yamux();
    return {};
  }
  if (!theirs.empty()) return broken("the peer speaks no /yamux/1.0.0");
  phase_ = Phase::kMuxer;
  select_ = std::make_unique<Multistream>(
      role_ == Role::kDialer ? Multistream::dialer({kYamux})
                             : Multistream::listener([](std::string_view name) { return name == kYamux; }));
  return seal_raw(select_->take_output());
}

Result<> Connection::select_muxer(BytesView& plain) {
  const auto state = select_->receive(plain);
  TRY(seal_raw(select_->take_output()));
  if (state == Multistream::State::kFailed) return broken("the peer speaks no /yamux/1.0.0");
  if (state == Multistream::State::kAgreed) start_yamux();
  return {};
}

void Connection::start_yamux() {
  select_.reset();
  phase_ = Phase::kOpen;
  sessions_ = std::make_unique<Sessions>(*this);
  yamux_ = std::make_unique<YamuxSession>(role_, options_.yamux, *sessions_);
  ping_at_ = now_;
  keep_alive();
  owner_.on_ready(*this);
}

Result<> Connection::seal_raw(BytesView plain) { return channel_->seal(plain, {}, raw_); }

void Connection::produce(Bytes& out, std::size_t most) {
  ++busy_;
  append(out, raw_);
  Bytes().swap(raw_);
  while (phase_ == Phase::kOpen && out.size() < most) {
    Result<> sealed;
    if (!yamux_->next([&](BytesView head, BytesView body) {
          frame_tokens_ += static_cast<double>(body.size()) / 4096;  // data gives the peer reason to grant credit
          sealed = channel_->seal(head, body, out);
        }))
      break;
    if (!sealed) close_with(GoAway::kInternal, sealed.error());
  }
  close_if_drained();
  --busy_;
  settle();
  if (!raw_.empty()) append(out, std::exchange(raw_, {}));
}

bool Connection::has_output() const {
  return !raw_.empty() || (phase_ == Phase::kOpen && yamux_->has_output()) || !ending_.empty();
}

void Connection::input_ended() {
  if (phase_ == Phase::kClosed) return;
  abort({Code::kUnreachable, "the peer closed the connection", {}});
}

void Connection::abort(Error why) {
  if (phase_ == Phase::kClosed) return;
  close_with(GoAway::kNormal, std::move(why));
  settle();
}

void Connection::close_with(GoAway code, Error why) {
  const Phase before = std::exchange(phase_, Phase::kClosed);
  if (before == Phase::kOpen) {
    const std::uint8_t frame[kYamuxHeader] = {0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(code)};
    (void)seal_raw(frame);  // without it the peer sees the end of the connection, which says as much
  }
  while (!streams_.empty()) end(streams_.begin()->second, StreamEnd::kConnection);
  owner_.on_closed(*this, why);
}

void Connection::close() {
  draining_ = true;
  if (phase_ != Phase::kOpen) return abort({Code::kAborted, "closed before it was ready", {}});
  close_if_drained();
  settle();
}

void Connection::close_if_drained() {
  if (draining_ && phase_ == Phase::kOpen && streams_.empty() && !yamux_->has_output())
    close_with(GoAway::kNormal, {Code::kAborted, "closed by this side", {}});
}

// Frames that carry nothing cost us work: a peer may send some at once and a number a second.
void Connection::charge_idle_frames() {
  const double most = 2.0 * options_.idle_frames;
  const double seconds = std::chrono::duration<double>(now_ - tokens_at_).count();
  tokens_at_ = now_;
  frame_tokens_ = std::min(most, frame_tokens_ + seconds * options_.idle_frames) - yamux_->take_idle_frames();
  if (frame_tokens_ < 0) close_with(GoAway::kProtocol, {Code::kLimited, "too many frames that carry nothing", {}});
}

void Connection::tick(SteadyTime now) {
  now_ = now;
  ++busy_;
  if (phase_ != Phase::kClosed && phase_ != Phase::kOpen && now - started_ > options_.upgrade)
    abort({Code::kTimeout, "the peer did not finish the handshake in time", {}});
  if (phase_ == Phase::kOpen) {
    std::vector<std::shared_ptr<Stream>> late;
    for (const auto& [id, stream] : streams_) {
      const bool slow = !stream->agreed_ && now - stream->started_ > options_.negotiation;
      const bool idle = stream->idle_limit_ > Millis(0) && now - stream->active_ > stream->idle_limit_;
      if (slow || idle) late.push_back(stream);
    }
    for (const auto& stream : late) stream->reset();
    keep_alive();
  }
  --busy_;
  settle();
  if (has_output()) owner_.on_output(*this);
}

void Connection::keep_alive() {
  if (ping_open_) {
    if (received_at_ <= ping_sent_ && now_ - ping_sent_ > options_.ping_answer)
      abort({Code::kTimeout, "the peer does not answer any more", {}});
    if (now_ - ping_sent_ < options_.ping_every) return;
  }
  if (phase_ != Phase::kOpen || now_ < ping_at_) return;
  ping_open_ = true;
  ping_sent_ = now_;
  ping_at_ = now_ + options_.ping_every;
  yamux_->ping(++ping_value_);
}

}  // namespace rfs::p2p
