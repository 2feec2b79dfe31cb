#include "base/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_text.h"

namespace rfs {
namespace {

using nlohmann::json;

void dump_python_into(std::string& out, const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      out += "null";
      return;
    case json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case json::value_t::number_integer:
      out += std::to_string(value.get<std::int64_t>());
      return;
    case json::value_t::number_unsigned:
      out += std::to_string(value.get<std::uint64_t>());
      return;
    case json::value_t::number_float:
      python_float(out, value.get<double>());
      return;
    case json::value_t::string:
      python_string(out, value.get_ref<const std::string&>());
      return;
    case json::value_t::array: {
      const char* separator = "[";
      for (const json& element : value) {
        out += separator;
        separator = ", ";
        dump_python_into(out, element);
      }
      out += value.empty() ? "[]" : "]";
      return;
    }
    case json::value_t::object: {
      // nlohmann's map is sorted by the bytes of UTF-8: the order of code points, which is Python's.
      const char* separator = "{";
      for (const auto& [name, element] : value.items()) {
        out += separator;
        separator = ", ";
        python_string(out, name);
        out += ": ";
        dump_python_into(out, element);
      }
      out += value.empty() ? "{}" : "}";
      return;
    }
    case json::value_t::binary:
    case json::value_t::discarded:
      out += "null";
      return;  // no JSON text parses to these
  }
}

}  // namespace

Result<json> parse_json(std::string_view text, int max_depth) {
  TRY(check_json(text, max_depth));  // depth and position; nlohmann alone is recursive when it prints
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    return fail(Code::kInvalid, "JSON with a \\u surrogate that has no partner", {},
                static_cast<std::int64_t>(error.byte));
  } catch (const json::exception&) {
    return fail(Code::kInvalid, "JSON with a number beyond the range of a double");
  }
}

std::string dump_python(const json& value) {
  std::string out;
  dump_python_into(out, value);
  return out;
}

std::string dump_line(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace rfs
