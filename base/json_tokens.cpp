#include "base/json_tokens.h"

#include <algorithm>
#include <cstring>

#include "base/json_tokens_word.h"

namespace rfs {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Mostly there is none, or one.
inline const char* skip_blanks(const char* at, const char* end) {
  if (at < end && *at == ' ') ++at;
  if (at < end && static_cast<unsigned char>(*at) > ' ') return at;
  while (at < end && is_blank(*at)) {
    ++at;
    // Indentation.
    while (end - at >= 8 && json_tokens::load(at) == json_tokens::kOnes * ' ') at += 8;
  }
  return at;
}

}  // namespace

JsonTokens::JsonTokens(JsonSink& sink, int max_depth) : sink_(sink), max_depth_(std::min(max_depth, kDepthMost)) {}

bool JsonTokens::wrong(const char* what) {
  error_ = Error{Code::kInvalid,
                 "not valid JSON: " + std::string(what) + " at byte " + std::to_string(position()),
                 {},
                 static_cast<std::int64_t>(position())};
  return false;
}

bool JsonTokens::refused() {
  error_ = sink_.reason();
  return false;
}

Result<> JsonTokens::push(std::string_view bytes) {
  begin_ = at_ = bytes.data();
  end_ = begin_ + bytes.size();
  start_ = begin_;
  while (at_ < end_)
    if (!ordinary() || (at_ < end_ && !step())) return fail(*error_);
  // A token that goes on in the next piece.
  const bool in_text = state_ == State::kString || state_ == State::kUtf8 || state_ >= State::kMinus;
  if (in_text && told()) gather(end_);
  before_ += bytes.size();
  begin_ = at_ = end_ = nullptr;
  return {};
}

Result<> JsonTokens::finish() {
  if (depth_ == 0 &&
      (state_ == State::kZero || state_ == State::kInteger || state_ == State::kFraction || state_ == State::kPower)) {
    start_ = at_;
    if (!end_number()) return fail(*error_);
  }
  if (state_ != State::kEnd && !wrong("the document ends early")) return fail(*error_);
  return {};
}

bool JsonTokens::ordinary() {
  for (;;) {
    if (state_ >= State::kEnd || state_ == State::kMark) return true;
    at_ = skip_blanks(at_, end_);
    if (at_ == end_) return true;
    const char c = *at_;
    const char* const before = at_;
    bool fine = true;
    switch (state_) {
      case State::kAfter:
        if (c == ',') {
          ++at_;
          state_ = in_object() ? State::kName : State::kValue;
        } else if (c == (in_object() ? '}' : ']')) {
          fine = close(in_object());
        }
        break;
      case State::kColon:
        if (c == ':') {
          ++at_;
          state_ = State::kValue;
        }
        break;
      case State::kFirstName:
      case State::kName:
        if (c == '"') {
          is_name_ = true;
          fine = ordinary_string();
        } else if (c == '}' && state_ == State::kFirstName) {
          fine = close(true);
        }
        break;
      default:
        if (c == '"') {
          is_name_ = false;
          fine = ordinary_string();
        } else if (c == '{' || c == '[') {
          fine = open(c == '{');
        } else if (c > '0' && c <= '9') {
          fine = ordinary_number();
        } else if (c == ']' && state_ == State::kFirstValue) {
          fine = close(false);
        }
    }
    if (!fine || at_ == before) return fine;
  }
}

bool JsonTokens::step() {
  switch (state_) {
    case State::kString:
      return string_piece();
    case State::kEscape:
      return escape();
    case State::kHex:
      return hex_digit();
    case State::kUtf8:
      return utf8_byte();
    case State::kWord:
      return word_piece();
    case State::kMark: {
      constexpr std::string_view kMarkBytes = "\xEF\xBB\xBF";
      if (mark_seen_ < 3 && *at_ == kMarkBytes[mark_seen_]) {
        ++at_;
        if (++mark_seen_ == 3) state_ = State::kValue;
        return true;
      }
      if (mark_seen_ > 0) return wrong("expected a value");
      state_ = State::kValue;
      return true;
    }
    default:
      break;
  }
  if (state_ >= State::kMinus) return number_piece();

  at_ = skip_blanks(at_, end_);
  if (at_ == end_) return true;
  const char c = *at_;
  switch (state_) {
    case State::kFirstValue:
      if (c == ']') return close(false);
      [[fallthrough]];
    case State::kValue:
      return begin_value(c);
    case State::kFirstName:
      if (c == '}') return close(true);
      [[fallthrough]];
    case State::kName:
      if (c != '"') return wrong("expected the name of a member");
      is_name_ = true;
      ++at_;
      begin_text(State::kString, at_);
      return true;
    case State::kColon:
      if (c != ':') return wrong("expected :");
      ++at_;
      state_ = State::kValue;
      return true;
    case State::kAfter:
      if (c == ',') {
        ++at_;
        state_ = in_object() ? State::kName : State::kValue;
        return true;
      }
      if (c == (in_object() ? '}' : ']')) return close(in_object());
      return wrong(in_object() ? "expected , or }" : "expected , or ]");
    default:
      return wrong("text after the document");
  }
}

bool JsonTokens::begin_value(char c) {
  switch (c) {
    case '{':
      return open(true);
    case '[':
      return open(false);
    case '"':
      is_name_ = false;
      ++at_;
      begin_text(State::kString, at_);
      return true;
    case 't':
      word_ = "true";
      break;
    case 'f':
      word_ = "false";
      break;
    case 'n':
      word_ = "null";
      break;
    case '-':
      begin_text(State::kMinus, at_++);
      return true;
    default:
      if (!json_tokens::is_digit(c)) return wrong("expected a value");
      begin_text(c == '0' ? State::kZero : State::kInteger, at_++);
      return true;
  }
  word_at_ = 0;
  state_ = State::kWord;
  return true;
}

bool JsonTokens::open(bool object) {
  if (depth_ >= max_depth_) return wrong("nested too deeply");
  ++at_;
  open_[static_cast<std::size_t>(depth_++)] = object;
  state_ = object ? State::kFirstName : State::kFirstValue;
  if (!told()) return true;
  return (object ? sink_.begin_object() : sink_.begin_array()) || refused();
}

bool JsonTokens::close(bool object) {
  ++at_;
  --depth_;
  if (told() && !(object ? sink_.end_object() : sink_.end_array())) return refused();
  return after_value();
}

bool JsonTokens::after_value() {
  if (muted_ == depth_) muted_ = 0;
  state_ = depth_ == 0 ? State::kEnd : State::kAfter;
  return true;
}

}  // namespace rfs
