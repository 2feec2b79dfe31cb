#include "backends/github/document.h"

#include <nlohmann/json.hpp>

#include "backends/github/verdict.h"
#include "base/json.h"

namespace rfs {

namespace {

std::string plain(const nlohmann::json& document, const char* member) {
  auto at = document.find(member);
  if (at == document.end() || !at->is_string()) return {};
  std::string out;
  for (unsigned char c : at->get_ref<const std::string&>()) out += c < 0x20 || c == 0x7f ? ' ' : static_cast<char>(c);
  if (out.size() > 200) {
    std::size_t end = 200;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;  // not within a character
    out.resize(end);
  }
  return out;
}

}  // namespace

Said what_it_said(std::string_view body) {
  if (body.empty() || body.size() > 65'536) return {};
  auto document = parse_json(body, 32);
  if (!document || !document->is_object()) return {};
  return {plain(*document, "message"), plain(*document, "documentation_url")};
}

std::optional<std::uint64_t> list_length(std::string_view body, const std::string& field) {
  auto document = parse_json(body);
  if (!document) return std::nullopt;
  if (document->is_array()) return document->size();
  if (field.empty() || !document->is_object()) return std::nullopt;
  auto list = document->find(field);
  if (list == document->end() || !list->is_array()) return std::nullopt;
  return list->size();
}

}  // namespace rfs
