#include <algorithm>

#include "p2p/cache_handlers.h"

namespace rfs::p2p {
namespace {

constexpr std::size_t kAhead = 128 * 1024;  // written and not yet sent, before the reading of a body pauses

}  // namespace

void AnswerHandler::on_open(Stream& stream) {
  opener_ = std::make_unique<FrameOpener>(stream_key(member_->session, stream.id(), true));
  sealer_ = std::make_unique<FrameSealer>(stream_key(member_->session, stream.id(), false));
}

void AnswerHandler::on_data(Stream& stream, BytesView data) {
  stream.consumed(data.size());
  const auto taken = opener_->receive(data, [&](BytesView plaintext) { return frame(stream, plaintext); });
  if (!taken) protocol_.misbehaved(stream, taken.error());
}

Result<> AnswerHandler::frame(Stream& stream, BytesView plaintext) {
  TRY_ASSIGN(const CacheFrame decoded, decode_cache_frame(plaintext));
  if (const auto* ask = std::get_if<Ask>(&decoded); ask && !std::exchange(has_ask_, true)) return asked(stream, *ask);
  if (std::holds_alternative<EndMark>(decoded) && has_ask_ && !std::exchange(ask_ended_, true)) return {};
  return fail(Code::kBroken, "a frame that has no place in a question");
}

void AnswerHandler::on_fin(Stream& stream) {
  if (!ask_ended_ || !opener_->at_boundary())
    protocol_.misbehaved(stream, {Code::kBroken, "a question that was cut", {}});
}

Result<> AnswerHandler::asked(Stream& stream, const Ask& ask) {
  Connection& connection = stream.connection();
  const SteadyTime now = connection.now();
  if (!member_->asks.take(1, now) || !member_->bytes.take(0, now)) {
    const Millis wait = std::max(member_->asks.wait(now), member_->bytes.wait(now));
    say(stream, encode(Busy{static_cast<std::uint16_t>(std::min<Millis::rep>(wait.count(), 65'535))}));
    say(stream, encode(EndMark{}));
    stream.finish();
    return {};
  }
  ask_ = ask;
  protocol_.events_.on_ask(connection, ask,
                           [this, weak = stream.weak_from_this(), post = protocol_.post_](std::vector<Found> found) {
                             post([this, weak, found = std::move(found)]() mutable {
                               // A stream that is alive has its handler.
                               const auto there = weak.lock();
                               if (there && there->alive()) answer(*there, std::move(found));
                             });
                           });
  return {};
}

void AnswerHandler::answer(Stream& stream, std::vector<Found> found) {
  if (std::exchange(answering_, true)) return;
  std::erase_if(found, [&](const Found& one) {
    return one.have.index >= ask_.wanted.size() || one.have.raw_len > ask_.max_len || one.have.raw_len > kBodyMost;
  });
  found_ = std::move(found);
  pump(stream);
}

void AnswerHandler::pump(Stream& stream) {
  while (answering_ && !reading_ && !said_end_ && stream.alive() && stream.buffered() < kAhead) {
    if (current_ && at_ < current_->have.raw_len) {
      read_piece(stream);
    } else if (!next_index(stream)) {
      say(stream, encode(EndMark{}));
      stream.finish();
      said_end_ = true;
    }
  }
}

// Says HAVE or MISS for the next index; false: there is none.
bool AnswerHandler::next_index(Stream& stream) {
  if (index_ == ask_.wanted.size()) return false;
  const auto index = static_cast<std::uint16_t>(index_++);
  const auto found =
      std::find_if(found_.begin(), found_.end(), [&](const Found& one) { return one.have.index == index; });
  current_ = found == found_.end() ? nullptr : &*found;
  at_ = 0;
  if (!current_) {
    say(stream, encode(Miss{index}));
    return true;
  }
  say(stream, encode(current_->have));
  member_->bytes.take(static_cast<double>(current_->have.raw_len), stream.connection().now());
  return true;
}

void AnswerHandler::read_piece(Stream& stream) {
  reading_ = true;
  const std::size_t size = std::min<std::uint64_t>(kFrameBody, current_->have.raw_len - at_);
  current_->read(at_, size, [this, size, weak = stream.weak_from_this(), post = protocol_.post_](Result<Bytes> bytes) {
    post([this, size, weak, bytes = std::move(bytes)]() mutable {
      const auto there = weak.lock();
      if (there && there->alive()) piece_read(*there, size, std::move(bytes));
    });
  });
}

void AnswerHandler::piece_read(Stream& stream, std::size_t size, Result<Bytes> bytes) {
  reading_ = false;
  // A body that cannot be read to its end is cut, and the asker sees that.
  if (!bytes || bytes->size() != size) return stream.reset();
  at_ += size;
  say(stream, encode(BodyPiece{*bytes}));
  pump(stream);
}

}  // namespace rfs::p2p
