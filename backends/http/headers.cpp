#include "backends/http/headers.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace rfs {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || kMarks.find(c) != std::string_view::npos;
  });
}

// Days since 1970-01-01 of a civil date (proleptic Gregorian; H. Hinnant, "chrono-Compatible Low-Level Date
// Algorithms").
std::int64_t days_of(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

std::optional<int> two_digits(std::string_view text, std::size_t at) {
  if (text[at] < '0' || text[at] > '9' || text[at + 1] < '0' || text[at + 1] > '9') return std::nullopt;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

}  // namespace

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::int64_t> parse_count(std::string_view text) {
  constexpr std::uint64_t kMost = 1'000'000'000'000'000'000;  // what is added to it must not overflow either
  const auto count = parse_whole(text);
  if (!count || *count >= kMost) return std::nullopt;
  return static_cast<std::int64_t>(*count);
}

bool HeaderList::add_line(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (value.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) return false;
  bytes_ += colon + value.size();
  if (lines_.size() >= kMostLines || bytes_ > kMostBytes) return false;
  lines_.push_back({std::string(line.substr(0, colon)), std::string(value)});
  return true;
}

void HeaderList::set(std::string_view name, std::string_view value) {
  remove(name);
  lines_.push_back({std::string(name), std::string(value)});
  bytes_ += name.size() + value.size();
}

void HeaderList::remove(std::string_view name) {
  std::erase_if(lines_, [&](const Line& line) {
    if (!same_text(line.name, name)) return false;
    bytes_ -= line.name.size() + line.value.size();
    return true;
  });
}

void HeaderList::clear() {
  lines_.clear();
  bytes_ = 0;
}

std::optional<std::string_view> HeaderList::find(std::string_view name) const {
  for (const Line& line : lines_)
    if (same_text(line.name, name)) return line.value;
  return std::nullopt;
}

std::string HeaderList::all(std::string_view name) const {
  std::string joined;
  for (const Line& line : lines_) {
    if (!same_text(line.name, name)) continue;
    if (!joined.empty()) joined += ", ";
    joined += line.value;
  }
  return joined;
}

CacheControl parse_cache_control(std::string_view value) {
  CacheControl control;
  while (!value.empty()) {
    const auto comma = value.find(',');
    std::string_view part = trimmed(value.substr(0, comma));
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
    const auto equals = part.find('=');
    const std::string_view name = trimmed(part.substr(0, equals));
    if (same_text(name, "no-store")) control.no_store = true;
    if (same_text(name, "no-cache")) control.no_cache = true;
    if (!same_text(name, "max-age") || equals == std::string_view::npos) continue;
    std::string_view number = trimmed(part.substr(equals + 1));
    if (number.size() >= 2 && number.front() == '"' && number.back() == '"')
      number = number.substr(1, number.size() - 2);
    // Said twice: the shorter one. Unreadable: stale at once (RFC 9111, 4.2.1).
    const std::int64_t age = parse_count(number).value_or(0);
    control.max_age = control.max_age ? std::min(*control.max_age, age) : age;
  }
  return control;
}

std::optional<double> parse_http_date(std::string_view value) {
  //  0123456789012345678901234567
  // "Tue, 19 Jul 2022 04:37:49 GMT"
  value = trimmed(value);
  if (value.size() != 29 || value.substr(3, 2) != ", " || value[7] != ' ' || value[11] != ' ' || value[16] != ' ' ||
      value[19] != ':' || value[22] != ':' || value.substr(25) != " GMT")
    return std::nullopt;
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto month = std::find(kMonths.begin(), kMonths.end(), value.substr(8, 3));
  const auto day = two_digits(value, 5), century = two_digits(value, 12), year = two_digits(value, 14),
             hour = two_digits(value, 17), minute = two_digits(value, 20), second = two_digits(value, 23);
  if (month == kMonths.end() || !day || !century || !year || !hour || !minute || !second) return std::nullopt;
  if (*day < 1 || *day > 31 || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::int64_t days = days_of(*century * 100 + *year, static_cast<int>(month - kMonths.begin()) + 1, *day);
  return static_cast<double>(days * 86400 + *hour * 3600 + *minute * 60 + *second);
}

std::optional<double> parse_retry_after(std::string_view value, double now) {
  if (auto seconds = parse_count(value)) return static_cast<double>(*seconds);
  if (auto date = parse_http_date(value)) return std::max(0.0, *date - now);
  return std::nullopt;
}

RateHeaders parse_rate_headers(const HeaderList& headers) {
  RateHeaders rate;
  rate.limit = parse_count(headers.get("x-ratelimit-limit")).value_or(-1);
  rate.remaining = parse_count(headers.get("x-ratelimit-remaining")).value_or(-1);
  rate.used = parse_count(headers.get("x-ratelimit-used")).value_or(-1);
  rate.reset = parse_count(headers.get("x-ratelimit-reset")).value_or(-1);
  const std::string_view resource = headers.get("x-ratelimit-resource");
  // The name becomes a key of a map and a label of a metric: bounded, and of harmless characters only.
  const bool plain = resource.size() <= 40 && std::all_of(resource.begin(), resource.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                     });
  if (plain) rate.resource = resource;
  return rate;
}

}  // namespace rfs
