// Headers of an answer, and pure parsers for the ones that caching and limits depend on. What a server sends is
// foreign: every parser takes any bytes, answers a value or nothing, and never throws (tests/fuzz/fuzz_headers.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rfs {

// Lines in the order they came. One thread at a time.
class HeaderList {
 public:
  static constexpr std::size_t kMostLines = 256;
  static constexpr std::size_t kMostBytes = 64u << 10;

  // "Name: value" with or without its line end. False: no header line, or over the limits; the answer is then broken.
  bool add_line(std::string_view line);
  void set(std::string_view name, std::string_view value);  // replaces every line of that name
  void remove(std::string_view name);
  void clear();

  // The first line of that name, any case; nullopt when there is none.
  std::optional<std::string_view> find(std::string_view name) const;
  // The same, "" when there is none.
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }
  // All lines of that name as one list, joined by ", " (RFC 9110, 5.3).
  std::string all(std::string_view name) const;
  bool has(std::string_view name) const { return find(name).has_value(); }
  std::size_t size() const { return lines_.size(); }

 private:
  struct Line {
    std::string name, value;
  };
  std::vector<Line> lines_;
  std::size_t bytes_ = 0;
};

// ASCII only, as header names and tokens are.
bool same_text(std::string_view a, std::string_view b);
// All digits, below 10^18; else nullopt.
std::optional<std::int64_t> parse_count(std::string_view text);

struct CacheControl {
  bool no_store = false;
  bool no_cache = false;
  std::optional<std::int64_t> max_age;  // seconds
};
CacheControl parse_cache_control(std::string_view value);

// IMF-fixdate, "Tue, 19 Jul 2022 04:37:49 GMT" (RFC 9110, 5.6.7): seconds since 1970.
std::optional<double> parse_http_date(std::string_view value);

// Seconds to wait from `now` (wall): delay-seconds or a date, never negative.
std::optional<double> parse_retry_after(std::string_view value, double now);

// X-RateLimit-*; -1 and "" for what is absent or malformed.
struct RateHeaders {
  std::int64_t limit = -1, remaining = -1, used = -1, reset = -1;
  std::string resource;
  bool present() const { return remaining >= 0; }
};
RateHeaders parse_rate_headers(const HeaderList& headers);

}  // namespace rfs
