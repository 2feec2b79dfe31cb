#include "base/json_text.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>

#include "base/json.h"

namespace rfs {
namespace {

// The escape of a byte below 0x20, or of " or \; empty for others.
std::string escape_of(unsigned char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return c < 0x20 ? fmt::format("\\u{:04x}", static_cast<unsigned>(c)) : std::string();
  }
}

bool lone_surrogate(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  return text.size() >= 3 && byte(0) == 0xED && byte(1) >= 0xA0 && byte(1) <= 0xBF && (byte(2) & 0xC0) == 0x80;
}

// REQUIRES: the sequence is well formed, or a surrogate's three bytes.
std::uint32_t code_point(std::string_view sequence) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(sequence[i])); };
  switch (sequence.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3:
      return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    default:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  }
}

}  // namespace

void python_float(std::string& out, double value) {
  if (std::isnan(value)) return void(out += "NaN");
  if (std::isinf(value)) return void(out += value < 0 ? "-Infinity" : "Infinity");
  // The shortest digits that read back as the same double: d[.ddd]e±XX.
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string_view shortest(buffer, static_cast<std::size_t>(end - buffer));
  if (shortest[0] == '-') {
    out += '-';
    shortest.remove_prefix(1);
  }
  auto e = shortest.find('e');
  std::string digits(1, shortest[0]);
  if (e > 2) digits += shortest.substr(2, e - 2);
  int exponent = 0;
  std::string_view power = shortest.substr(e + (shortest[e + 1] == '+' ? 2 : 1));
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (digits.size() > 1) out += "." + digits.substr(1);
    out += fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  } else if (exponent < 0) {
    out += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  } else {
    auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole)
      out += digits + std::string(whole - digits.size(), '0') + ".0";
    else
      out += digits.substr(0, whole) + "." + digits.substr(whole);
  }
}

void python_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    auto c = static_cast<unsigned char>(text[0]);
    if (c < 0x80) {
      std::string escape = escape_of(c);
      if (c == 0x7f) escape = "\\u007f";  // not printable, so Python escapes it
      if (escape.empty()) out += text[0];
      out += escape;
      text.remove_prefix(1);
      continue;
    }
    std::size_t length = lone_surrogate(text) ? 3 : utf8_length(text);
    std::uint32_t point = length ? code_point(text.substr(0, length)) : 0xFFFD;
    text.remove_prefix(length ? length : 1);
    if (point >= 0x10000) {
      point -= 0x10000;
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (point >> 10), 0xDC00 + (point & 0x3FF));
    } else {
      out += fmt::format("\\u{:04x}", point);
    }
  }
  out += '"';
}

std::string json_quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  while (!text.empty()) {
    auto c = static_cast<unsigned char>(text[0]);
    std::size_t length = utf8_length(text);
    if (std::string escape = escape_of(c); !escape.empty())
      out += escape;
    else if (length)
      out += text.substr(0, length);
    else
      out += "\xEF\xBF\xBD";  // U+FFFD
    text.remove_prefix(length ? length : 1);
  }
  out += '"';
  return out;
}

void JsonLine::name(std::string_view name) {
  if (!body_.empty()) body_ += ',';
  body_ += json_quote(name);
  body_ += ':';
}

JsonLine& JsonLine::text(std::string_view name, std::string_view value) { return raw(name, json_quote(value)); }
JsonLine& JsonLine::number(std::string_view name, std::int64_t value) { return raw(name, std::to_string(value)); }
JsonLine& JsonLine::number(std::string_view name, std::uint64_t value) { return raw(name, std::to_string(value)); }
JsonLine& JsonLine::boolean(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }

JsonLine& JsonLine::real(std::string_view name, double value) {
  std::string number;
  if (std::isfinite(value))
    python_float(number, value);
  else
    number = "null";
  return raw(name, number);
}

JsonLine& JsonLine::raw(std::string_view name, std::string_view json) {
  this->name(name);
  body_ += json;
  return *this;
}

}  // namespace rfs
