// The streams of a connection: negotiation, delivery, limits, and their end.
#include <algorithm>

#include "p2p/connection.h"
#include "p2p/connection_sessions.h"

namespace rfs::p2p {

bool Connection::stream_opened(std::uint32_t id) {
  const auto negotiating = std::count_if(streams_.begin(), streams_.end(),
                                         [](const auto& one) { return !one.second->ours_ && !one.second->agreed_; });
  if (phase_ != Phase::kOpen || draining_ || static_cast<std::size_t>(negotiating) >= options_.negotiating)
    return false;
  auto stream = std::make_shared<Stream>();
  stream->connection_ = this;
  stream->id_ = id;
  stream->started_ = stream->active_ = now_;
  stream->idle_limit_ = options_.idle_stream;
  stream->negotiation_ = std::make_unique<Multistream>(
      Multistream::listener([this](std::string_view name) { return protocols_.find(name) != protocols_.end(); }));
  streams_[id] = stream;
  return true;
}

std::shared_ptr<Stream> Connection::open(std::string protocol, std::unique_ptr<StreamHandler> handler, bool eager) {
  if (phase_ != Phase::kOpen || draining_) return nullptr;
  const auto id = yamux_->open();
  if (!id) return nullptr;
  auto stream = std::make_shared<Stream>();
  stream->connection_ = this;
  stream->id_ = *id;
  stream->ours_ = true;
  stream->eager_ = eager;
  stream->started_ = stream->active_ = now_;
  stream->idle_limit_ = options_.idle_stream;
  stream->protocol_ = protocol;
  stream->handler_ = std::move(handler);
  stream->negotiation_ = std::make_unique<Multistream>(Multistream::dialer({std::move(protocol)}));
  streams_[*id] = stream;
  yamux_->write(*id, stream->negotiation_->take_output());
  if (eager) stream->handler_->on_open(*stream);
  owner_.on_output(*this);
  return stream;
}

void Connection::stream_data(std::uint32_t id, BytesView data) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const std::shared_ptr<Stream> stream = found->second;
  stream->active_ = now_;
  if (!stream->agreed_) negotiate(stream, data);
  if (stream->agreed_ && stream->alive() && !data.empty()) deliver(stream, data);
}

void Connection::negotiate(const std::shared_ptr<Stream>& stream, BytesView& data) {
  const std::size_t before = data.size();
  const auto state = stream->negotiation_->receive(data);
  yamux_->consumed(stream->id_, before - data.size());
  if (Bytes answer = stream->negotiation_->take_output(); !answer.empty())
    yamux_->write(stream->id_, std::move(answer));
  if (state == Multistream::State::kAgreed) {
    agreed(stream);
  } else if (state == Multistream::State::kFailed) {
    const bool refused = stream->negotiation_->refused();
    yamux_->reset(stream->id_);
    end(stream, refused ? StreamEnd::kRefused : StreamEnd::kReset);
  }
}

void Connection::agreed(const std::shared_ptr<Stream>& stream) {
  if (!stream->ours_) {
    const auto protocol = protocols_.find(stream->negotiation_->protocol());
    if (open_of(protocol->first) < protocol->second.most) {
      stream->protocol_ = protocol->first;
      stream->handler_ = protocol->second.accept(*stream);
    }
    if (!stream->handler_) return stream->reset();
  }
  stream->negotiation_.reset();
  stream->agreed_ = true;
  if (!stream->eager_) stream->handler_->on_open(*stream);
  if (stream->alive() && stream->fin_wanted_) yamux_->finish(stream->id_);
}

std::size_t Connection::open_of(std::string_view protocol) const {
  return static_cast<std::size_t>(std::count_if(streams_.begin(), streams_.end(), [&](const auto& one) {
    return !one.second->ours_ && one.second->agreed_ && one.second->protocol_ == protocol;
  }));
}

void Connection::deliver(const std::shared_ptr<Stream>& stream, BytesView data) {
  if (unread_ + data.size() > options_.unread || !owner_.hold(data.size())) return stream->reset();
  unread_ += data.size();
  stream->unread_ += data.size();
  stream->handler_->on_data(*stream, data);
}

void Connection::stream_fin(std::uint32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const std::shared_ptr<Stream> stream = found->second;
  stream->active_ = now_;
  if (!stream->agreed_) return stream->reset();
  stream->handler_->on_fin(*stream);
}

void Connection::stream_gone(std::uint32_t id, bool reset) {
  const auto found = streams_.find(id);
  if (found != streams_.end()) end(found->second, reset ? StreamEnd::kReset : StreamEnd::kFinished);
}

void Connection::Sessions::on_room(std::uint32_t id) {
  const auto found = connection_.streams_.find(id);
  if (found == connection_.streams_.end()) return;
  const std::shared_ptr<Stream> stream = found->second;
  stream->active_ = connection_.now_;
  if (stream->agreed_ || stream->eager_) stream->handler_->on_room(*stream);
}

void Connection::Sessions::on_pong(std::uint32_t value) {
  if (!connection_.ping_open_ || value != connection_.ping_value_) return;
  connection_.ping_open_ = false;
  connection_.latency_ = std::chrono::duration_cast<Millis>(connection_.now_ - connection_.ping_sent_);
}

void Connection::Sessions::on_go_away(std::uint32_t code) {
  if (connection_.phase_ == Phase::kClosed) return;
  const char* why = code == 0 ? "the peer closed the connection" : "the peer ended the connection with an error";
  connection_.close_with(GoAway::kNormal, {Code::kUnreachable, why, {}});
}

void Connection::end(const std::shared_ptr<Stream>& stream, StreamEnd why) {
  const std::shared_ptr<Stream> kept = stream;  // the table may hold the last one
  if (!kept->alive()) return;
  kept->connection_ = nullptr;
  kept->end_ = why;
  unread_ -= kept->unread_;
  owner_.release(std::exchange(kept->unread_, 0));
  streams_.erase(kept->id_);
  ending_.push_back(kept);
}

// Handlers are told outside of the calls that ended them, since they may be further up the stack.
void Connection::settle() {
  while (busy_ == 0 && !ending_.empty()) {
    const auto ending = std::exchange(ending_, {});
    for (const auto& stream : ending) {
      if (auto handler = std::move(stream->handler_)) handler->on_end(*stream, stream->end_);
    }
  }
}

void Stream::write(Bytes data) {
  if (!alive() || data.empty()) return;
  active_ = connection_->now_;
  connection_->yamux_->write(id_, std::move(data));
  connection_->owner_.on_output(*connection_);
}

void Stream::write_in_one_frame(Bytes data) {
  if (!alive() || data.empty()) return;
  active_ = connection_->now_;
  connection_->yamux_->write(id_, std::move(data), true);
  connection_->owner_.on_output(*connection_);
}

void Stream::finish() {
  if (!alive() || fin_wanted_) return;
  fin_wanted_ = true;
  // A FIN before the protocol is agreed makes some peers hang or reset the stream.
  if (!agreed_) return;
  connection_->yamux_->finish(id_);
  connection_->owner_.on_output(*connection_);
}

void Stream::reset() {
  if (!alive()) return;
  Connection& connection = *connection_;
  connection.yamux_->reset(id_);
  connection.end(shared_from_this(), StreamEnd::kReset);
  connection.owner_.on_output(connection);
}

void Stream::consumed(std::size_t n) {
  if (!alive()) return;
  n = std::min(n, unread_);
  unread_ -= n;
  connection_->unread_ -= n;
  connection_->owner_.release(n);
  connection_->yamux_->consumed(id_, n);
}

std::size_t Stream::buffered() const { return alive() ? connection_->yamux_->buffered(id_) : 0; }

}  // namespace rfs::p2p
