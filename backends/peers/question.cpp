#include "backends/peers/question.h"

#include <algorithm>

namespace rfs {
namespace {

constexpr std::uint64_t kRaced = 256 * 1024;      // bodies up to this size are taken from several at once
constexpr Millis kPatience{2'000};                // for late answers
constexpr Millis kBodyGrace{500}, kBodyMost{15'000};
constexpr std::uint64_t kBodyPerMilli = 1024;     // bytes: slower than a megabyte a second is too slow

// One member's part of a question.
struct Part {
  p2p::PeerId peer;
  std::weak_ptr<p2p::Stream> stream;
  bool spoke = false, late = false, taking = false;
  std::uint64_t held = 0;
  p2p::Have have;
  std::string bytes;
};

struct Asked : std::enable_shared_from_this<Asked> {
  Asked(p2p::Loop& of_loop, const Question& of, QuestionEvents to)
      : loop(of_loop), question(of), events(std::move(to)), began(std::chrono::steady_clock::now()) {}

  bool over() const { return !events.done; }
  void finish(std::optional<PeerBody> body) {
    if (auto done = std::exchange(events.done, nullptr)) done(std::move(body));
  }
  void cancel() {
    for (const auto& part : parts)
      if (const auto stream = part->stream.lock()) stream->reset();
  }
  void finish_if_nothing_comes() {
    for (const auto& part : parts)
      if (part->taking || (!part->spoke && !part->late)) return;
    finish(std::nullopt);
  }
  void spoke(Part& part, MemberDid how) {
    if (std::exchange(part.spoke, true)) return;
    const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - began);
    if (part.late && how == MemberDid::kFailed) return;
    events.told(part.peer, part.late ? MemberDid::kCameLate : how, took);
  }
  void deadline_over() {
    for (const auto& part : parts) {
      if (part->spoke || part->late) continue;
      part->late = true;
      // Who lost a race that is over was not slow.
      if (!over()) events.told(part->peer, MemberDid::kLate, question.deadline);
    }
    finish_if_nothing_comes();
  }
  void take(Part& part, const p2p::Have& have);
  void let_go(Part& part) {
    if (part.held > 0) (void)events.hold(-static_cast<std::int64_t>(std::exchange(part.held, 0)));
    part.taking = false;
    std::string().swap(part.bytes);
  }

  p2p::Loop& loop;
  const Question question;
  QuestionEvents events;
  const SteadyTime began;
  std::vector<std::shared_ptr<Part>> parts;
};

void Asked::take(Part& part, const p2p::Have& have) {
  const bool another_sends = std::any_of(parts.begin(), parts.end(), [](const auto& one) { return one->taking; });
  const bool wanted = !over() && have.kind == question.kind && !(another_sends && have.raw_len > kRaced);
  if (!wanted || !events.hold(static_cast<std::int64_t>(have.raw_len))) {
    if (const auto stream = part.stream.lock()) stream->reset();
    return;
  }
  part.held = have.raw_len;
  part.have = have;
  part.taking = true;
  const Millis time = kBodyGrace + Millis(static_cast<Millis::rep>(have.raw_len / kBodyPerMilli));
  loop.after(std::min(time, kBodyMost), [self = shared_from_this()] {
    if (self->over()) return;
    self->finish(std::nullopt);
    self->cancel();
  });
}

class PartEvents final : public p2p::AskEvents {
 public:
  PartEvents(std::shared_ptr<Asked> asked, std::shared_ptr<Part> part)
      : asked_(std::move(asked)), part_(std::move(part)) {}
  ~PartEvents() override { asked_->let_go(*part_); }

  void on_have(const p2p::Have& have) override {
    asked_->spoke(*part_, MemberDid::kHad);
    asked_->take(*part_, have);
  }
  void on_body(BytesView bytes) override {
    if (part_->taking) part_->bytes += text(bytes);
  }
  void on_whole(std::uint16_t) override {
    if (!part_->taking || asked_->over()) return;
    asked_->finish(PeerBody{part_->peer, part_->have, std::move(part_->bytes)});
    asked_->cancel();
  }
  void on_done(Result<> result) override {
    const bool busy = !result && result.error().code == Code::kLimited;
    // Cancelled before it spoke: that says nothing of it.
    if (result || busy || !asked_->over())
      asked_->spoke(*part_, result ? MemberDid::kMissed : busy ? MemberDid::kBusy : MemberDid::kFailed);
    part_->spoke = true;
    asked_->let_go(*part_);
    asked_->finish_if_nothing_comes();
  }

 private:
  const std::shared_ptr<Asked> asked_;
  const std::shared_ptr<Part> part_;
};

}  // namespace

void ask_members(p2p::CacheProtocol& protocol, p2p::Loop& loop, const std::vector<p2p::Connection*>& members,
                 const Question& question, QuestionEvents events) {
  auto asked = std::make_shared<Asked>(loop, question, std::move(events));
  const auto in_header = static_cast<std::uint16_t>(std::clamp<Millis::rep>(question.deadline.count(), 1, 65'535));
  for (p2p::Connection* member : members) {
    auto part = std::make_shared<Part>();
    part->peer = member->peer();
    auto stream = protocol.ask(*member, {p2p::AskBy::kId, {question.id}, question.max_len, in_header},
                               std::make_unique<PartEvents>(asked, part));
    if (!stream) continue;
    part->stream = stream;
    asked->parts.push_back(std::move(part));
  }
  if (asked->parts.empty()) return asked->finish(std::nullopt);
  loop.after(question.deadline, [asked] { asked->deadline_over(); });
  loop.after(kPatience, [asked] {
    // A body that is on its way has a time of its own.
    for (const auto& part : asked->parts)
      if (const auto stream = part->stream.lock(); stream && !part->taking) stream->reset();
  });
}

}  // namespace rfs
