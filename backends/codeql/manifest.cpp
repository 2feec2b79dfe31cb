// Manifests as JSON: written by hand in a fixed order, read with nlohmann.
#include <nlohmann/json.hpp>

#include "backends/codeql/key.h"
#include "base/json.h"

namespace rfs::codeql {
namespace {

using nlohmann::json;

constexpr int kSchema = 1;

std::string object_of(const std::map<std::string, std::string>& map) {
  JsonLine line;
  for (const auto& [name, value] : map) line.text(name, value);
  return line.str();
}

std::string list_of(const std::vector<std::string>& list) {
  std::string out = "[";
  for (const std::string& text : list) out.append(out.size() > 1 ? ", " : "").append(json_quote(text));
  return out + "]";
}

std::string text_member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool read_map(const json& object, const char* name, std::map<std::string, std::string>& out) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_object()) return false;
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) return false;
    out[key] = value.get<std::string>();
  }
  return true;
}

}  // namespace

std::string manifest_json(const Manifest& manifest) {
  JsonLine line;
  line.raw("blobs", object_of(manifest.blobs))
      .text("commit", manifest.commit)
      .text("event", manifest.event)
      .raw("floating", list_of(manifest.floating))
      .raw("inputs", object_of(manifest.inputs))
      .text("key", manifest.key)
      .text("mode", mode_word(manifest.mode))
      .text("not_reusable", manifest.not_reusable)
      .text("ref", manifest.ref)
      .text("repository", manifest.repository)
      .text("run", manifest.run)
      .number("schema", std::int64_t{kSchema});
  if (manifest.signature)
    line.raw("signature", JsonLine()
                              .number("at", manifest.signature->at)
                              .text("value", manifest.signature->value)
                              .text("writer", manifest.signature->writer)
                              .str());
  return line.text("tree", manifest.tree)
      .text("trust", manifest.trust)
      .str();
}

Result<Manifest> parse_manifest(std::string_view text) {
  TRY_ASSIGN(const json object, parse_json(text));
  const auto none = [] { return fail(Code::kInvalid, "this is no manifest of a scan"); };
  if (!object.is_object() || object.value("schema", json()) != kSchema) return none();
  Manifest out;
  const auto mode = parse_mode(text_member(object, "mode"));
  if (!mode || *mode == Mode::kAuto || !read_map(object, "inputs", out.inputs) || !read_map(object, "blobs", out.blobs))
    return none();
  out.mode = *mode;
  out.key = text_member(object, "key");
  if (out.mode != Mode::kCommit && out.key != key_of(out.inputs))
    return fail(Code::kInvalid, "the key of a manifest is not that of its inputs");
  if (const auto found = object.find("floating"); found != object.end() && found->is_array())
    for (const json& one : *found)
      if (one.is_string()) out.floating.push_back(one.get<std::string>());
  out.repository = text_member(object, "repository");
  out.commit = text_member(object, "commit");
  out.tree = text_member(object, "tree");
  out.ref = text_member(object, "ref");
  out.event = text_member(object, "event");
  out.run = text_member(object, "run");
  out.trust = text_member(object, "trust");
  out.not_reusable = text_member(object, "not_reusable");
  if (const auto found = object.find("signature"); found != object.end()) {
    const auto at = found->is_object() ? found->find("at") : found->end();
    if (!found->is_object() || at == found->end() || !at->is_number_integer()) return none();
    out.signature = Manifest::Signature{text_member(*found, "writer"), text_member(*found, "value"), at->get<std::int64_t>()};
  }
  return out;
}

}  // namespace rfs::codeql
