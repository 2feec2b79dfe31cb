// carries_token: bodies that hold a credential stay where they are.
#include <algorithm>

#include "backends/actions/travel.h"

namespace rfs {
namespace {

constexpr std::size_t kOverlap = 512;  // longer than any of the forms
constexpr std::size_t kTokenLeast = 20;

bool word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
  return at;
}

bool clone_token(std::string_view text) {
  constexpr std::string_view kName = "\"temp_clone_token\"";
  for (auto at = text.find(kName); at != std::string_view::npos; at = text.find(kName, at + 1)) {
    std::size_t value = skip_blanks(text, at + kName.size());
    if (value >= text.size() || text[value] != ':') continue;
    value = skip_blanks(text, value + 1);
    if (value + 1 < text.size() && text[value] == '"' && text[value + 1] != '"') return true;
  }
  return false;
}

// "…?token=…": what opens a raw file of a private repository.
bool url_token(std::string_view text) {
  constexpr std::string_view kName = "token=";
  for (auto at = text.find(kName); at != std::string_view::npos; at = text.find(kName, at + 1))
    if (at > 0 && (!word_byte(text[at - 1]) || text.substr(0, at).ends_with("\\u0026")) &&
        at + kName.size() < text.size() && word_byte(text[at + kName.size()]))
      return true;
  return false;
}

bool own_form(std::string_view text) {
  for (const std::string_view prefix : {"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"})
    for (auto at = text.find(prefix); at != std::string_view::npos; at = text.find(prefix, at + 1)) {
      if (at > 0 && word_byte(text[at - 1])) continue;
      std::size_t end = at + prefix.size();
      while (end < text.size() && word_byte(text[end])) ++end;
      if (end - at - prefix.size() >= kTokenLeast) return true;
    }
  return false;
}

}  // namespace

bool carries_token(const Body& body) {
  const auto found = [](std::string_view text) { return clone_token(text) || url_token(text) || own_form(text); };
  if (!body.in_memory().empty()) return found(body.in_memory());
  std::string window;
  Bytes piece(64u << 10);
  for (std::uint64_t at = 0; at < body.size();) {
    const auto n = body.read_at(at, piece);
    if (!n || *n == 0) return true;
    window.append(text(BytesView(piece).first(*n)));
    if (found(window)) return true;
    if (window.size() > kOverlap) window.erase(0, window.size() - kOverlap);
    at += *n;
  }
  return false;
}

}  // namespace rfs
