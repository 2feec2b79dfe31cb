#include "backends/cache/provenance.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace rfs {

std::string provenance_json(const Provenance& provenance, double timestamp) {
  JsonLine line;
  line.text("operation", provenance.operation)
      .number("ttl", static_cast<std::int64_t>(provenance.ttl))
      .real("timestamp", timestamp);
  if (provenance.validation_fields.empty()) {
    line.raw("content_hash", "null").raw("validation_fields", "null");
  } else {
    line.text("content_hash", provenance.content_hash).raw("validation_fields", provenance.validation_fields);
  }
  if (!provenance.peer.empty()) line.text("peer", provenance.peer);
  return line.str();
}

Provenance provenance_of(const Entry& entry) {
  Provenance out;
  auto json = parse_json(entry.meta.provenance);
  if (!json || !json->is_object()) return out;
  if (auto at = json->find("operation"); at != json->end() && at->is_string()) out.operation = at->get<std::string>();
  if (auto at = json->find("ttl"); at != json->end() && at->is_number_integer()) out.ttl = at->get<int>();
  if (auto at = json->find("content_hash"); at != json->end() && at->is_string())
    out.content_hash = at->get<std::string>();
  if (auto at = json->find("peer"); at != json->end() && at->is_string()) out.peer = at->get<std::string>();
  if (auto at = json->find("validation_fields"); at != json->end() && at->is_object())
    out.validation_fields = dump_python(*at);
  return out;
}

}  // namespace rfs
