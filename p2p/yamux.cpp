#include "p2p/yamux.h"

#include <algorithm>

namespace rfs::p2p {
namespace {

enum Type : std::uint8_t { kData = 0, kWindowUpdate = 1, kPing = 2, kGoAwayFrame = 3 };
enum Flag : std::uint16_t { kSyn = 1, kAck = 2, kFin = 4, kRst = 8 };
constexpr std::uint64_t kCreditMost = 0xffff'ffff;

std::array<std::uint8_t, kYamuxHeader> header_of(std::uint8_t type, std::uint16_t flags, std::uint32_t id,
                                                 std::uint32_t length) {
  std::array<std::uint8_t, kYamuxHeader> header{};
  header[1] = type;
  header[3] = static_cast<std::uint8_t>(flags);
  for (std::size_t i = 0; i < 4; ++i) {
    header[4 + i] = static_cast<std::uint8_t>(id >> (24 - 8 * i));
    header[8 + i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  }
  return header;
}

}  // namespace

YamuxSession::YamuxSession(Role role, YamuxOptions options, Events& events)
    : role_(role), options_(options), events_(events), next_id_(role == Role::kDialer ? 1 : 2) {}

tl::unexpected<Error> YamuxSession::broken(const char* why) {
  if (!std::exchange(broken_, true)) {
    control_.clear();
    ready_.clear();
    control(kGoAwayFrame, 0, 0, static_cast<std::uint32_t>(GoAway::kProtocol));
  }
  return fail(Code::kBroken, std::string("yamux: ") + why);
}

Result<> YamuxSession::receive(BytesView bytes) {
  while (!bytes.empty()) {
    if (broken_) return broken("the session is over");
    if (body_left_ > 0) {
      const BytesView piece = bytes.first(std::min<std::size_t>(body_left_, bytes.size()));
      bytes = bytes.subspan(piece.size());
      body_left_ -= static_cast<std::uint32_t>(piece.size());
      // A stream that we reset meanwhile: its bytes are taken off the wire and dropped.
      if (streams_.contains(body_id_)) events_.on_data(body_id_, piece);
      if (body_left_ == 0 && std::exchange(body_fin_, false)) ended(body_id_);
      continue;
    }
    const std::size_t n = std::min(kYamuxHeader - have_, bytes.size());
    std::copy_n(bytes.begin(), n, header_.begin() + static_cast<std::ptrdiff_t>(have_));
    bytes = bytes.subspan(n);
    have_ += n;
    if (have_ < kYamuxHeader) break;
    have_ = 0;
    TRY(frame(header_));
  }
  return {};
}

Result<> YamuxSession::frame(const Header& header) {
  const BytesView bytes(header);
  const std::uint8_t type = header[1];
  const auto flags = read_be<std::uint16_t>(bytes.subspan(2));
  const auto id = read_be<std::uint32_t>(bytes.subspan(4));
  const auto length = read_be<std::uint32_t>(bytes.subspan(8));
  if (header[0] != 0) return broken("another version");
  if (type > kGoAwayFrame || flags > 0xf) return broken("a frame of no known kind");
  if (type != kData || length == 0) ++idle_frames_;
  if (type == kPing || type == kGoAwayFrame) {
    if (id != 0) return broken("a session frame with a stream id");
    if (type == kPing) return ping_frame(flags, length);
    events_.on_go_away(length);
    return {};
  }
  if (id == 0) return broken("a stream frame without a stream id");
  return stream_frame(type, flags, id, length);
}

Result<> YamuxSession::ping_frame(std::uint16_t flags, std::uint32_t value) {
  if (flags == kSyn) {
    if (control_.size() >= options_.control) return broken("pings come faster than answers can be sent");
    control(kPing, kAck, 0, value);
  } else if (flags == kAck) {
    events_.on_pong(value);
  } else {
    return broken("a ping that neither asks nor answers");
  }
  return {};
}

Result<> YamuxSession::stream_frame(std::uint8_t type, std::uint16_t flags, std::uint32_t id, std::uint32_t length) {
  if (flags & kSyn) TRY(syn(id));
  auto found = streams_.find(id);
  if (found == streams_.end() || (flags & kRst)) {
    // Late frames of a stream that has ended are normal. More than a window of them cannot be.
    if (type == kData && length > kYamuxWindow) return broken("data beyond the window");
    body_id_ = id;
    body_left_ = type == kData ? length : 0;
    body_fin_ = false;
    if (found == streams_.end()) return {};
    if (found->second.theirs) --streams_in_;
    streams_.erase(found);
    events_.on_gone(id, true);
    return {};
  }
  Channel& channel = found->second;
  if (type == kWindowUpdate) {
    channel.send_credit = std::min(channel.send_credit + length, kCreditMost);
    if (channel.queued > 0) make_ready(id, channel);
    if (flags & kFin) ended(id);
    return {};
  }
  if (channel.fin_received && length > 0) return broken("data after the end of a stream");
  if (length > channel.receive_credit) return broken("data beyond the window");
  channel.receive_credit -= length;
  body_id_ = id;
  body_left_ = length;
  body_fin_ = (flags & kFin) && length > 0;
  if ((flags & kFin) && length == 0) ended(id);
  return {};
}

Result<> YamuxSession::syn(std::uint32_t id) {
  if ((id % 2 == 1) == (role_ == Role::kDialer)) return broken("a stream id of the wrong side");
  if (!seen_.use(id)) return broken("a stream id for the second time");
  if (control_.size() >= options_.control) return broken("streams come faster than answers can be sent");
  if (streams_in_ >= options_.streams_in) {
    control(kWindowUpdate, kRst, id, 0);
    return {};
  }
  streams_[id].theirs = true;
  ++streams_in_;
  if (!events_.on_open(id)) {
    reset(id);
    return {};
  }
  if (streams_.contains(id)) control(kWindowUpdate, kAck, id, 0);
  return {};
}

void YamuxSession::ended(std::uint32_t id) {
  auto found = streams_.find(id);
  if (found == streams_.end() || std::exchange(found->second.fin_received, true)) return;
  events_.on_fin(id);
  close_if_done(id);
}

void YamuxSession::close_if_done(std::uint32_t id) {
  auto found = streams_.find(id);
  if (found == streams_.end() || !found->second.fin_received || !found->second.fin_sent) return;
  if (found->second.theirs) --streams_in_;
  streams_.erase(found);
  events_.on_gone(id, false);
}

void YamuxSession::control(std::uint8_t type, std::uint16_t flags, std::uint32_t id, std::uint32_t length) {
  control_.push_back(header_of(type, flags, id, length));
}

Result<std::uint32_t> YamuxSession::open() {
  if (next_id_ > 0xffff'fff0 || broken_) return fail(Code::kLimited, "yamux: no stream can be opened any more");
  const std::uint32_t id = std::exchange(next_id_, next_id_ + 2);
  streams_[id];
  control(kWindowUpdate, kSyn, id, 0);
  return id;
}

void YamuxSession::make_ready(std::uint32_t id, Channel& channel) {
  if (!broken_ && !std::exchange(channel.ready, true)) ready_.push_back(id);
}

void YamuxSession::write(std::uint32_t id, Bytes data, bool one_frame) {
  auto found = streams_.find(id);
  if (found == streams_.end() || found->second.fin_wanted || data.empty()) return;
  Channel& channel = found->second;
  channel.queued += data.size();
  channel.queue.push_back({std::move(data), 0, one_frame});
  if (channel.send_credit > 0) make_ready(id, channel);
}

void YamuxSession::finish(std::uint32_t id) {
  auto found = streams_.find(id);
  if (found == streams_.end() || std::exchange(found->second.fin_wanted, true)) return;
  if (found->second.queued == 0) make_ready(id, found->second);
}

void YamuxSession::reset(std::uint32_t id) {
  auto found = streams_.find(id);
  if (found == streams_.end()) return;
  if (found->second.theirs) --streams_in_;
  streams_.erase(found);
  if (!broken_) control(kWindowUpdate, kRst, id, 0);
}

void YamuxSession::consumed(std::uint32_t id, std::size_t n) {
  auto found = streams_.find(id);
  if (found == streams_.end() || broken_) return;
  Channel& channel = found->second;
  channel.consumed += static_cast<std::uint32_t>(n);
  if (channel.fin_received || channel.consumed < kYamuxWindow / 2) return;
  channel.receive_credit += channel.consumed;
  control(kWindowUpdate, 0, id, std::exchange(channel.consumed, 0));
}

std::size_t YamuxSession::buffered(std::uint32_t id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? 0 : found->second.queued;
}

std::uint64_t YamuxSession::credit(std::uint32_t id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? 0 : found->second.send_credit;
}

void YamuxSession::ping(std::uint32_t value) {
  if (!broken_) control(kPing, kSyn, 0, value);
}

void YamuxSession::go_away(GoAway code) {
  if (!broken_) control(kGoAwayFrame, 0, 0, static_cast<std::uint32_t>(code));
}

bool YamuxSession::next(const Emit& emit) {
  if (!control_.empty()) {
    const Header header = control_.front();
    control_.pop_front();
    emit(header, {});
    return true;
  }
  while (!ready_.empty()) {
    const std::uint32_t id = ready_.front();
    ready_.pop_front();
    auto found = streams_.find(id);
    if (found == streams_.end()) continue;
    found->second.ready = false;
    if (emit_of(id, found->second, emit)) return true;
  }
  return false;
}

bool YamuxSession::emit_of(std::uint32_t id, Channel& channel, const Emit& emit) {
  if (channel.queue.empty()) {
    if (!channel.fin_wanted || std::exchange(channel.fin_sent, true)) return false;
    emit(header_of(kWindowUpdate, kFin, id, 0), {});
    close_if_done(id);
    return true;
  }
  if (channel.send_credit == 0) return false;  // a WINDOW_UPDATE makes it ready again
  Piece& piece = channel.queue.front();
  const std::size_t left = piece.bytes.size() - piece.at;
  const bool whole = piece.one_frame && piece.at == 0 && left <= channel.send_credit;
  const std::size_t n =
      whole ? left : std::min<std::size_t>({left, options_.frame, static_cast<std::size_t>(channel.send_credit)});
  emit(header_of(kData, 0, id, static_cast<std::uint32_t>(n)), BytesView(piece.bytes).subspan(piece.at, n));
  piece.at += n;
  channel.send_credit -= n;
  channel.queued -= n;
  if (piece.at == piece.bytes.size()) channel.queue.pop_front();
  if (channel.queue.empty() ? channel.fin_wanted : channel.send_credit > 0) make_ready(id, channel);
  if (channel.queued == 0 && !channel.fin_wanted) events_.on_room(id);
  return true;
}

}  // namespace rfs::p2p
