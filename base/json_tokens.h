// JsonTokens: JSON (RFC 8259) that arrives in pieces of any size, told as events. A tokenizer that is pushed, because
// nlohmann's pulls from an iterator and reads 256 MiB slower than a disk takes them. Strict as check_json; memory is
// bounded: no text longer than kTextMost is kept, whatever arrives. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rfs {

// What is told, in the order of the document. Views are valid during the call. A text that was too long to be kept is
// told by its first kTextMost bytes, `whole` false. A call that answers false, and Interest::kRefused, end the reading
// with reason(): a Result from each call would cost more than the reading itself.
class JsonSink {
 public:
  enum class Interest {
    kValue,
    kNothing,  // the value of this member is checked, and not told
    kRefused,
  };
  virtual ~JsonSink() = default;
  virtual Error reason() const = 0;
  virtual bool begin_object() = 0;
  virtual Interest name(std::string_view text, bool whole) = 0;
  virtual bool end_object() = 0;
  virtual bool begin_array() = 0;
  virtual bool end_array() = 0;
  // Escapes are decoded; a surrogate without a partner is U+FFFD.
  virtual bool string(std::string_view text, bool whole) = 0;
  // As written.
  virtual bool number(std::string_view text, bool whole) = 0;
  virtual bool boolean(bool value) = 0;
  virtual bool null() = 0;
};

class JsonTokens {
 public:
  static constexpr std::size_t kTextMost = 16 * 1024;
  static constexpr int kDepthMost = 512;

  // max_depth: at most kDepthMost. A byte order mark at the beginning is passed over (byte_order_mark()).
  explicit JsonTokens(JsonSink& sink, int max_depth = 200);
  // The next bytes. kInvalid with the byte position in the whole document; nothing may follow an error.
  Result<> push(std::string_view bytes);
  // The document ended here: kInvalid when it is not whole.
  Result<> finish();

  // Bytes that were taken: during a call of the sink, up to the end of what it is told (or a little before it).
  std::uint64_t position() const { return before_ + static_cast<std::uint64_t>(at_ - begin_); }
  // One whole value was read; nothing but blanks may follow.
  bool complete() const { return state_ == State::kEnd; }
  bool byte_order_mark() const { return mark_seen_ == 3; }

 private:
  enum class State : std::uint8_t {
    kMark,        // perhaps a byte order mark
    kValue,       // a value must follow
    kFirstValue,  // after '[': a value, or ']'
    kFirstName,   // after '{': a name, or '}'
    kName,        // after ',' in an object
    kColon,       // after a name
    kAfter,       // after a value in a container
    kEnd,         // after the value of the document
    kString,      // in a string or name
    kEscape,      // after a backslash
    kHex,         // in \uXXXX
    kUtf8,        // in a sequence of several bytes
    kWord,        // in true, false or null
    kMinus,       // in a number, from here on: after '-'
    kZero,        // after a first 0
    kInteger,     // in its digits
    kPoint,       // after '.'
    kFraction,    // in the digits behind it
    kExponent,    // after 'e'
    kSign,        // after its sign
    kPower,       // in its digits
  };

  // Takes tokens that lie whole in the piece and are as most are: what stands between values, strings without escapes,
  // numbers of digits alone. Ends before all else, without an error of its own. False: error_ says why.
  bool ordinary();
  bool ordinary_string();
  bool ordinary_number();
  // Each takes at least one byte of the piece, or ends it. False: error_ says why.
  bool step();
  bool begin_value(char c);
  bool open(bool object);
  bool close(bool object);
  bool string_piece();
  bool escape();
  bool hex_digit();
  bool utf8_byte();
  bool number_piece();
  bool word_piece();

  void begin_text(State state, const char* start);
  bool end_string();
  bool string_told(std::string_view text, bool whole);
  bool end_number();
  bool after_value();
  bool number_goes_on(char c);
  bool begin_sequence(unsigned char first);
  // What lies in the piece of the token at hand, up to `end`, into text_.
  void gather(const char* end);
  void keep(std::string_view bytes);
  void keep_code(std::uint32_t code);
  void keep_lone_surrogate();
  bool wrong(const char* what);
  bool refused();

  bool in_object() const { return open_[static_cast<std::size_t>(depth_ - 1)]; }
  bool told() const { return muted_ == 0; }

  JsonSink& sink_;
  const int max_depth_;
  State state_ = State::kMark;
  std::uint8_t mark_seen_ = 0;
  int depth_ = 0;
  int muted_ = 0;                        // depth of the object of which a member's value is not told; 0: all is told
  std::array<bool, kDepthMost> open_{};  // true: an object

  std::optional<Error> error_;

  // Of the token at hand.
  bool is_name_ = false;
  bool whole_ = true;    // text_ (and what is yet to be appended) is all of it
  bool pieced_ = false;  // text_ holds its beginning; else it lies in the piece from start_ on
  const char* start_ = nullptr;
  std::string text_;
  std::uint32_t code_ = 0;  // of \uXXXX, so far
  std::uint32_t high_ = 0;  // a surrogate that waits for its partner
  std::uint8_t digits_ = 0;
  std::uint8_t more_ = 0, low_ = 0x80, most_ = 0xBF;  // of a UTF-8 sequence: bytes to come, bounds of the next
  std::string_view word_;
  std::size_t word_at_ = 0;

  // The piece at hand.
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::uint64_t before_ = 0;  // bytes of the pieces before
};

}  // namespace rfs
