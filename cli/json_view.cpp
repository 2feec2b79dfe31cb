#include "cli/json_view.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace rfs {
namespace {

// Null when some part of the path is missing.
const nlohmann::json* at(const nlohmann::json& document, std::string_view path) {
  const nlohmann::json* here = &document;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    const std::string name(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
    if (!here->is_object()) return nullptr;
    const auto found = here->find(name);
    if (found == here->end()) return nullptr;
    here = &*found;
  }
  return here;
}

}  // namespace

std::string json_text(std::string_view document, std::string_view path) {
  const auto parsed = parse_json(document);
  if (!parsed) return {};
  const nlohmann::json* value = at(*parsed, path);
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  return value->is_number() || value->is_boolean() ? dump_line(*value) : "";
}

double json_number(std::string_view document, std::string_view path) {
  const auto parsed = parse_json(document);
  if (!parsed) return 0;
  const nlohmann::json* value = at(*parsed, path);
  return value != nullptr && value->is_number() ? value->get<double>() : 0;
}

std::vector<std::string> json_list(std::string_view document, std::string_view path) {
  std::vector<std::string> out;
  const auto parsed = parse_json(document);
  if (!parsed) return out;
  const nlohmann::json* value = at(*parsed, path);
  if (value == nullptr || !value->is_array()) return out;
  for (const nlohmann::json& element : *value) out.push_back(dump_line(element));
  return out;
}

std::string json_pretty(const std::string& document) {
  const auto parsed = nlohmann::ordered_json::parse(document, nullptr, false);
  return parsed.is_discarded() ? document
                               : parsed.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace rfs
