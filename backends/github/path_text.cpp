#include "backends/github/path_text.h"

#include <array>
#include <cstdint>

#include "base/encode.h"

namespace rfs::api_text {
namespace {

constexpr std::array<Suffix, 8> kSuffixes = {{
    {".json", "application/vnd.github+json"},
    {".raw", "application/vnd.github.raw+json"},
    {".html", "application/vnd.github.html+json"},
    {".diff", "application/vnd.github.diff"},
    {".patch", "application/vnd.github.patch"},
    {".sarif", "application/sarif+json"},
    // Never sent: it names the whole list, which Pages makes of JSON pages.
    {".jsonl", "application/jsonl", true},
    {".bin", "application/octet-stream"},
}};

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
void escape(std::string& out, unsigned char byte) {
  constexpr char kHex[] = "0123456789ABCDEF";
  out += '%';
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

Result<std::string> canonical(std::string_view raw, std::string_view keep) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    unsigned char byte = static_cast<unsigned char>(raw[i]);
    bool escaped = raw[i] == '%';
    if (escaped) {
      int high = i + 2 < raw.size() ? digit(raw[i + 1]) : -1;
      int low = high >= 0 ? digit(raw[i + 2]) : -1;
      if (low < 0)
        return fail(Code::kInvalid, "a '%' in the name is not followed by two hex digits", "write a '%' itself as %25");
      byte = static_cast<unsigned char>(high << 4 | low);
      i += 2;
    }
    if (byte < 0x20 || byte == 0x7f) return fail(Code::kInvalid, "the name holds a control byte");
    char c = static_cast<char>(byte);
    if (unreserved(c) || (!escaped && keep.find(c) != std::string_view::npos))
      out += c;
    else
      escape(out, byte);
  }
  return out;
}

// What a segment keeps plain besides the unreserved characters.
constexpr std::string_view kSegmentKeeps = "!$&'()*+,;=:@";

// May stand in a parameter's name: whatever a segment escapes may, so that a name and its escaped form are read alike.
bool name_character(char c) { return kSegmentKeeps.find(c) == std::string_view::npos; }

Result<> add(std::string_view name, std::string_view value, Parameters& out) {
  if (name.empty()) return fail(Code::kInvalid, "a query parameter has no name", "write name=value");
  // In a name nothing stays that could end it, or keep "@name=" from being seen as a parameter.
  TRY_ASSIGN(auto n, canonical(name, ""));
  TRY_ASSIGN(auto v, canonical(value, ":,+="));
  out.emplace_back(std::move(n), std::move(v));
  return {};
}

// The code point that the escapes at `at` spell in UTF-8, with the bytes; 0: none that is shown plain, which are those
// beyond the C1 controls.
std::uint32_t escaped_point(std::string_view text, std::size_t at, std::string& bytes) {
  auto byte_at = [&](std::size_t i) -> int {
    if (i + 2 >= text.size() || text[i] != '%') return -1;
    return digit(text[i + 1]) << 4 | digit(text[i + 2]);
  };
  const int first = byte_at(at);
  const int more = first >= 0xf0 && first <= 0xf4 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (more == 0 || first > 0xf4) return 0;
  bytes.assign(1, static_cast<char>(first));
  std::uint32_t point = static_cast<std::uint32_t>(first) & (0x3fu >> more);
  for (int i = 1; i <= more; ++i) {
    const int byte = byte_at(at + 3 * static_cast<std::size_t>(i));
    if (byte < 0 || (byte & 0xc0) != 0x80) return 0;
    bytes += static_cast<char>(byte);
    point = point << 6 | (static_cast<std::uint32_t>(byte) & 0x3f);
  }
  static constexpr std::uint32_t kLeast[] = {0, 0xa0, 0x800, 0x10000};
  return point < kLeast[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? 0 : point;
}

// Escaped UTF-8 as the letters that it is: what a directory lists should read like what it is called.
std::string readable(std::string_view canonical_text) {
  std::string out, bytes;
  for (std::size_t i = 0; i < canonical_text.size();) {
    if (canonical_text[i] == '%' && escaped_point(canonical_text, i, bytes)) {
      out += bytes;
      i += 3 * bytes.size();
    } else {
      out += canonical_text[i++];
    }
  }
  return out;
}

std::string joined(const Parameters& parameters, std::string_view first, std::string_view between) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    out += out.empty() ? first : between;
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

}  // namespace

const Suffix* suffix_of(std::string_view name) {
  auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return nullptr;
  for (const auto& suffix : kSuffixes)
    if (name.substr(dot) == suffix.text) return &suffix;
  return nullptr;
}
const Suffix& json_suffix() { return kSuffixes[0]; }

Result<std::string> canonical_segment(std::string_view raw) {
  TRY_ASSIGN(auto out, canonical(raw, kSegmentKeeps));
  auto decoded = percent_decode(out);
  std::string_view rest = *decoded;  // canonical() leaves no broken escape
  while (true) {
    auto slash = rest.find('/');
    auto part = rest.substr(0, slash);
    if (part == ".." || part == ".")
      return fail(Code::kInvalid, "the name holds \"" + std::string(part) + "\" as a component");
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  return out;
}

std::size_t parameter_at(std::string_view stem, std::size_t from) {
  for (auto at = stem.find('@', from); at != std::string_view::npos; at = stem.find('@', at + 1)) {
    std::size_t end = at + 1;
    while (end < stem.size() && name_character(stem[end])) ++end;
    if (end > at + 1 && end < stem.size() && stem[end] == '=') return at;
  }
  return std::string_view::npos;
}

Result<> add_url_parameters(std::string_view query, Parameters& out) {
  while (!query.empty()) {
    auto end = query.find('&');
    auto part = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (part.empty()) continue;
    auto equals = part.find('=');
    TRY(add(part.substr(0, equals), equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1),
            out));
  }
  return {};
}

Result<> add_at_parameters(std::string_view text, Parameters& out) {
  while (!text.empty()) {
    auto end = parameter_at(text);
    auto part = text.substr(1, end == std::string_view::npos ? end : end - 1);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end);
    auto equals = part.find('=');
    TRY(add(part.substr(0, equals), part.substr(equals + 1), out));
  }
  return {};
}

std::string query_of(const Parameters& parameters) { return joined(parameters, "", "&"); }
std::string display_of(const Parameters& parameters) { return readable(joined(parameters, "@", "@")); }

bool below_contents(const std::vector<std::string>& segments, std::size_t index) {
  if (segments.empty()) return false;
  std::size_t at = segments[0] == "repos" ? 3 : segments[0] == "repositories" ? 2 : index;
  return at < index && at < segments.size() && segments[at] == "contents";
}

std::string escape_parameters(std::string stem) {
  for (auto at = parameter_at(stem); at != std::string::npos; at = parameter_at(stem)) stem.replace(at, 1, "%40");
  return stem;
}

std::string display_segment(std::string_view segment, bool contents, bool stem) {
  std::string out = readable(segment);
  if (stem) out = escape_parameters(std::move(out));
  if (!stem && suffix_of(out)) out.replace(out.rfind('.'), 1, "%2E");
  if (out[0] == '.' && (!contents || out == ".git")) out.replace(0, 1, "%2E");
  return out;
}

}  // namespace rfs::api_text
