// Strings, numbers and words of JsonTokens.
#include <algorithm>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/json_tokens.h"
#include "base/json_tokens_word.h"

namespace rfs {
namespace {

constexpr std::uint64_t kHighs = json_tokens::kOnes * 128;

// The high bit of each byte that is 0; above the first such byte others may be marked too.
constexpr std::uint64_t zeros(std::uint64_t x) { return (x - json_tokens::kOnes) & ~x & kHighs; }

constexpr bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

// The first byte from `at` on that ends a run of plain ASCII in a string. Many bytes at a time: strings are most of a
// document, and this loop most of its cost.
inline const char* skip_plain(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // As signed numbers, what is no ASCII is below 0x20 as well.
    const __m128i below = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20));
    const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
    const auto hits = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(below, ends)));
    if (hits != 0) return at + std::countr_zero(hits);
  }
#endif
  for (; end - at >= 8; at += 8) {
    const std::uint64_t x = json_tokens::load(at);
    const std::uint64_t below = (x - json_tokens::kOnes * 0x20) & ~x & kHighs;
    const std::uint64_t hits =
        (x & kHighs) | below | zeros(x ^ json_tokens::kOnes * '"') | zeros(x ^ json_tokens::kOnes * '\\');
    if (hits == 0) continue;
    if constexpr (std::endian::native == std::endian::little) return at + (std::countr_zero(hits) >> 3);
    break;
  }
  while (at < end && is_plain(static_cast<unsigned char>(*at))) ++at;
  return at;
}

int hex_value(char c) {
  if (json_tokens::is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void JsonTokens::begin_text(State state, const char* start) {
  state_ = state;
  start_ = start;
  pieced_ = false;
  whole_ = true;
  high_ = 0;
  text_.clear();
}

void JsonTokens::keep(std::string_view bytes) {
  const std::size_t room = kTextMost - std::min(kTextMost, text_.size());
  if (bytes.size() > room) whole_ = false;
  text_.append(bytes.substr(0, room));
}

void JsonTokens::gather(const char* end) {
  keep({start_, static_cast<std::size_t>(end - start_)});
  start_ = end;
  pieced_ = true;
}

// at_ is before the quotation mark.
bool JsonTokens::ordinary_string() {
  const char* const text = at_ + 1;
  const char* const end = skip_plain(text, end_);
  if (end == end_ || *end != '"' || end - text > static_cast<std::ptrdiff_t>(kTextMost)) return true;
  at_ = end + 1;
  return string_told({text, static_cast<std::size_t>(end - text)}, true);
}

bool JsonTokens::ordinary_number() {
  const char* end = at_ + 1;
  while (end < end_ && json_tokens::is_digit(*end)) ++end;
  if (end == end_ || *end == '.' || *end == 'e' || *end == 'E' || end - at_ > static_cast<std::ptrdiff_t>(kTextMost))
    return true;
  const std::string_view text(at_, static_cast<std::size_t>(end - at_));
  at_ = end;
  if (told() && !sink_.number(text, true)) return refused();
  return after_value();
}

bool JsonTokens::string_piece() {
  if (high_ != 0 && *at_ != '\\') keep_lone_surrogate();
  at_ = skip_plain(at_, end_);
  if (at_ == end_) return true;
  const auto c = static_cast<unsigned char>(*at_);
  if (c == '"') return end_string();
  if (c < 0x20) return wrong("a control character in a string");
  if (c == '\\') {
    if (told()) gather(at_);
    ++at_;
    state_ = State::kEscape;
    return true;
  }
  if (!begin_sequence(c)) return wrong("a string that is not UTF-8");
  ++at_;
  state_ = State::kUtf8;
  return true;
}

// RFC 3629: the first byte says how many follow, and what the second may be (no overlong form, no surrogate, nothing
// beyond U+10FFFF).
bool JsonTokens::begin_sequence(unsigned char first) {
  if (first < 0xC2 || first > 0xF4) return false;
  low_ = 0x80;
  most_ = 0xBF;
  more_ = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  if (first == 0xE0) low_ = 0xA0;
  if (first == 0xED) most_ = 0x9F;
  if (first == 0xF0) low_ = 0x90;
  if (first == 0xF4) most_ = 0x8F;
  return true;
}

bool JsonTokens::utf8_byte() {
  const auto c = static_cast<unsigned char>(*at_);
  if (c < low_ || c > most_) return wrong("a string that is not UTF-8");
  ++at_;
  low_ = 0x80;
  most_ = 0xBF;
  if (--more_ == 0) state_ = State::kString;
  return true;
}

bool JsonTokens::escape() {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
  const char c = *at_;
  if (c == 'u') {
    ++at_;
    code_ = 0;
    digits_ = 0;
    state_ = State::kHex;
    return true;
  }
  const std::size_t which = kLetters.find(c);
  if (which == std::string_view::npos) return wrong("an unknown escape in a string");
  if (high_ != 0) keep_lone_surrogate();
  if (told()) keep(kMeant.substr(which, 1));
  start_ = ++at_;
  pieced_ = true;
  state_ = State::kString;
  return true;
}

bool JsonTokens::hex_digit() {
  const int value = hex_value(*at_);
  if (value < 0) return wrong("\\u without four hexadecimal digits");
  ++at_;
  code_ = code_ * 16 + static_cast<std::uint32_t>(value);
  if (++digits_ < 4) return true;
  start_ = at_;
  pieced_ = true;
  state_ = State::kString;
  if (!told()) return true;
  if (high_ != 0 && code_ >= 0xDC00 && code_ <= 0xDFFF) {
    keep_code(0x10000 + ((high_ - 0xD800) << 10) + (code_ - 0xDC00));
    high_ = 0;
    return true;
  }
  if (high_ != 0) keep_lone_surrogate();
  if (code_ >= 0xD800 && code_ <= 0xDBFF) {
    high_ = code_;
  } else {
    keep_code(code_ >= 0xDC00 && code_ <= 0xDFFF ? 0xFFFD : code_);
  }
  return true;
}

// A pair of surrogates is two escapes, one directly behind the other; this one had no other.
void JsonTokens::keep_lone_surrogate() {
  high_ = 0;
  keep_code(0xFFFD);
}

void JsonTokens::keep_code(std::uint32_t code) {
  char out[4];
  std::size_t n = 0;
  const auto put = [&](std::uint32_t byte) { out[n++] = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
  keep({out, n});
}

bool JsonTokens::end_string() {
  std::string_view text(start_, static_cast<std::size_t>(at_ - start_));
  if (told() && pieced_) {
    keep(text);
    text = text_;
  } else if (text.size() > kTextMost) {
    text = text.substr(0, kTextMost);
    whole_ = false;
  }
  ++at_;
  return string_told(text, whole_);
}

bool JsonTokens::string_told(std::string_view text, bool whole) {
  if (is_name_) {
    state_ = State::kColon;
    if (!told()) return true;
    const JsonSink::Interest interest = sink_.name(text, whole);
    if (interest == JsonSink::Interest::kNothing) muted_ = depth_;
    return interest != JsonSink::Interest::kRefused || refused();
  }
  if (told() && !sink_.string(text, whole)) return refused();
  return after_value();
}

// True: c belongs to the number, state_ is what it is in then. False: the number ends before it.
bool JsonTokens::number_goes_on(char c) {
  const bool digit = json_tokens::is_digit(c);
  switch (state_) {
    case State::kMinus:
      if (digit) state_ = c == '0' ? State::kZero : State::kInteger;
      return digit;
    case State::kZero:
    case State::kInteger:
      if (digit) return state_ == State::kInteger;
      if (c == '.') {
        state_ = State::kPoint;
        return true;
      }
      break;
    case State::kPoint:
      if (digit) state_ = State::kFraction;
      return digit;
    case State::kFraction:
      if (digit) return true;
      break;
    case State::kExponent:
      if (c == '+' || c == '-') {
        state_ = State::kSign;
        return true;
      }
      [[fallthrough]];
    case State::kSign:
      if (digit) state_ = State::kPower;
      return digit;
    default:  // kPower
      return digit;
  }
  if (c != 'e' && c != 'E') return false;
  state_ = State::kExponent;
  return true;
}

bool JsonTokens::number_piece() {
  while (at_ < end_ && number_goes_on(*at_)) ++at_;
  if (at_ == end_) return true;
  return end_number();
}

bool JsonTokens::end_number() {
  const bool ended =
      state_ == State::kZero || state_ == State::kInteger || state_ == State::kFraction || state_ == State::kPower;
  if (!ended) return wrong("expected a digit");
  std::string_view text(start_, static_cast<std::size_t>(at_ - start_));
  if (told()) {
    if (pieced_ || text.size() > kTextMost) {
      keep(text);
      text = text_;
    }
    if (!sink_.number(text, whole_)) return refused();
  }
  return after_value();
}

bool JsonTokens::word_piece() {
  while (at_ < end_ && word_at_ < word_.size()) {
    if (*at_ != word_[word_at_]) return wrong("expected a value");
    ++at_;
    ++word_at_;
  }
  if (word_at_ < word_.size()) return true;
  if (told() && !(word_[0] == 'n' ? sink_.null() : sink_.boolean(word_[0] == 't'))) return refused();
  return after_value();
}

}  // namespace rfs
