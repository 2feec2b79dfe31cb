#include <algorithm>

#include "p2p/cache_handlers.h"

namespace rfs::p2p {

std::shared_ptr<Stream> CacheProtocol::ask(Connection& connection, const Ask& ask, std::unique_ptr<AskEvents> events) {
  const auto member = member_of(connection);
  if (!member || member->session.empty()) return nullptr;
  // A member speaks the protocol, so the question goes along with its name.
  return connection.open(kCacheProtocolName, std::make_unique<QuestionHandler>(*this, member, ask, std::move(events)),
                         true);
}

void QuestionHandler::on_open(Stream& stream) {
  opener_ = std::make_unique<FrameOpener>(stream_key(member_->session, stream.id(), false));
  FrameSealer sealer(stream_key(member_->session, stream.id(), true));
  Bytes out = sealer.seal(encode(ask_));
  append(out, sealer.seal(encode(EndMark{})));
  stream.write(std::move(out));
  stream.finish();
}

void QuestionHandler::on_data(Stream& stream, BytesView data) {
  const auto taken = opener_->receive(data, [&](BytesView plaintext) { return frame(plaintext); });
  stream.consumed(data.size());
  if (!taken) protocol_.misbehaved(stream, taken.error());
}

Result<> QuestionHandler::frame(BytesView plaintext) {
  if (ended_) return fail(Code::kBroken, "a frame after the end of an answer");
  TRY_ASSIGN(const CacheFrame decoded, decode_cache_frame(plaintext));
  if (const auto* piece = std::get_if<BodyPiece>(&decoded)) return body(*piece);
  if (in_body_) return fail(Code::kBroken, "a body that is shorter than it was said to be");
  if (const auto* one = std::get_if<Have>(&decoded)) return have(*one);
  if (const auto* miss = std::get_if<Miss>(&decoded)) {
    if (miss->index < next_index_ || miss->index >= ask_.wanted.size())
      return fail(Code::kBroken, "an answer to what was not asked");
    next_index_ = miss->index + 1u;
    return {};
  }
  if (std::holds_alternative<Busy>(decoded) && next_index_ == 0) {
    busy_ = true;
    return {};
  }
  if (!std::holds_alternative<EndMark>(decoded)) return fail(Code::kBroken, "a frame that has no place in an answer");
  ended_ = true;
  return {};
}

Result<> QuestionHandler::have(const Have& have) {
  if (have.index < next_index_ || have.index >= ask_.wanted.size() || busy_)
    return fail(Code::kBroken, "an answer to what was not asked");
  if (have.raw_len > ask_.max_len) return fail(Code::kBroken, "an answer that is longer than was asked for");
  if (ask_.by == AskBy::kSha256 && have.sha256 != ask_.wanted[have.index])
    return fail(Code::kBroken, "another body than was asked for");
  next_index_ = have.index + 1u;
  current_ = have;
  left_ = have.raw_len;
  hash_ = Sha256();
  in_body_ = true;
  events_->on_have(have);
  return left_ == 0 ? finished() : Result<>();
}

Result<> QuestionHandler::body(const BodyPiece& piece) {
  if (!in_body_ || piece.bytes.size() > left_) return fail(Code::kBroken, "more of a body than it was said to have");
  left_ -= piece.bytes.size();
  hash_.update(piece.bytes);
  events_->on_body(piece.bytes);
  return left_ == 0 ? finished() : Result<>();
}

Result<> QuestionHandler::finished() {
  in_body_ = false;
  if (hash_.finish() != current_.sha256) return fail(Code::kBroken, "a body that is not the one it was said to be");
  events_->on_whole(current_.index);
  return {};
}

void QuestionHandler::on_end(Stream&, StreamEnd) {
  if (ended_ && !busy_) return events_->on_done({});
  if (ended_) return events_->on_done(fail(Code::kLimited, "the peer is busy"));
  events_->on_done(fail(Code::kUnreachable, "the peer did not finish its answer"));
}

}  // namespace rfs::p2p
