#include "p2p/multistream.h"

#include "p2p/varint.h"

namespace rfs::p2p {
namespace {

constexpr std::string_view kHeader = "/multistream/1.0.0";
constexpr std::string_view kNotAvailable = "na";
constexpr std::size_t kMessageMost = 1024;
constexpr int kProposalsMost = 16;

}  // namespace

Bytes multistream_message(std::string_view text) {
  Bytes out;
  append_uvarint(out, text.size() + 1);
  append(out, text);
  out.push_back('\n');
  return out;
}

Multistream Multistream::dialer(std::vector<std::string> protocols) {
  Multistream made;
  made.protocols_ = std::move(protocols);
  made.say(kHeader);
  if (made.protocols_.empty())
    made.state_ = State::kFailed;
  else
    made.say(made.protocols_[0]);
  return made;
}

Multistream Multistream::listener(Supports supports) {
  Multistream made;
  made.supports_ = std::move(supports);
  made.say(kHeader);
  return made;
}

Multistream::State Multistream::receive(BytesView& in) {
  while (state_ == State::kGoing && !in.empty()) {
    // The length first, byte by byte, then the rest of that one message.
    BytesView gathered = partial_;
    std::uint64_t size = 0;
    switch (take_uvarint(gathered, size)) {
      case Varint::kBad:
        state_ = State::kFailed;
        break;
      case Varint::kCut:
        partial_.push_back(in[0]);
        in = in.subspan(1);
        if (partial_.size() > 2) state_ = State::kFailed;  // 1,024 is two bytes long
        break;
      case Varint::kWhole: {
        if (size == 0 || size > kMessageMost) {
          state_ = State::kFailed;
          break;
        }
        const std::size_t missing = std::min<std::size_t>(size - gathered.size(), in.size());
        append(partial_, in.first(missing));
        in = in.subspan(missing);
        break;
      }
    }
    gathered = partial_;
    if (state_ != State::kGoing || take_uvarint(gathered, size) != Varint::kWhole || gathered.size() < size) continue;
    if (size == 0 || gathered.back() != '\n') {
      state_ = State::kFailed;
      break;
    }
    const std::string one(text(gathered.first(gathered.size() - 1)));
    partial_.clear();
    message(one);
  }
  if (state_ != State::kGoing) Bytes().swap(partial_);
  return state_;
}

void Multistream::message(std::string_view text) {
  if (!greeted_) {
    greeted_ = text == kHeader;
    if (!greeted_) state_ = State::kFailed;
  } else if (supports_) {
    listener_message(text);
  } else {
    dialer_message(text);
  }
}

void Multistream::dialer_message(std::string_view text) {
  if (text == protocols_[asked_]) {
    protocol_ = text;
    state_ = State::kAgreed;
  } else if (text == kNotAvailable && ++asked_ < protocols_.size()) {
    say(protocols_[asked_]);
  } else {
    refused_ = text == kNotAvailable;
    state_ = State::kFailed;
  }
}

void Multistream::listener_message(std::string_view text) {
  if (++proposals_ > kProposalsMost) {
    state_ = State::kFailed;
  } else if (supports_(text)) {
    say(text);
    protocol_ = text;
    state_ = State::kAgreed;
  } else {
    say(kNotAvailable);
  }
}

}  // namespace rfs::p2p
