#include "backends/cache/validation.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "crypto/cid.h"

namespace rfs {
namespace {

using nlohmann::json;

const json kNull;

// data.get(name); null for what is no object.
const json& get(const json& object, const char* name) {
  if (!object.is_object()) return kNull;
  auto at = object.find(name);
  return at == object.end() ? kNull : *at;
}

// bool(value) in Python.
bool truthy(const json& value) {
  if (value.is_null()) return false;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  if (value.is_number()) return value.get<double>() != 0;
  return !value.empty();
}

// data.get(first) or data.get(second)
const json& either(const json& object, const char* first, const char* second) {
  const json& one = get(object, first);
  return truthy(one) ? one : get(object, second);
}

// data.get(name, otherwise): the default counts only where the member is missing.
json get_or(const json& object, const char* name, json otherwise) {
  return object.contains(name) ? object[name] : otherwise;
}

// str(value) in Python.
std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "None";
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  return dump_python(value);
}

// str(data.get(first, data.get(second, '')))
std::string id_text(const json& object, const char* first, const char* second) {
  if (object.contains(first)) return text_of(object[first]);
  return second && object.contains(second) ? text_of(object[second]) : "";
}

json updated(const json& o) { return either(o, "updatedAt", "updated_at"); }

// len(text) counts code points.
std::size_t code_points(const json& text) {
  std::size_t n = 0;
  if (text.is_string())
    for (unsigned char c : text.get_ref<const std::string&>()) n += (c & 0xc0) != 0x80;
  return n;
}

json commit_date(const json& o) {
  const json& date = get(o, "committedDate");
  return truthy(date) ? date : get(get(get(o, "commit"), "committer"), "date");
}

json head_sha(const json& o) {
  const json& commit = get(o, "commit");
  return commit.is_object() ? get_or(commit, "sha", "") : json("");
}

json sha_of(const json& o) { return truthy(get(o, "sha")) ? get(o, "sha") : get_or(o, "oid", ""); }

struct Rule {
  std::string_view word;  // somewhere in the operation's name
  std::string (*id)(const json&);
  json (*fields)(const json&);
};

const Rule kRepos = {
    "list_repos", [](const json& o) { return text_of(truthy(get(o, "name")) ? get(o, "name") : get_or(o, "url", "")); },
    [](const json& o) {
      return json{{"updatedAt", updated(o)}, {"pushedAt", either(o, "pushedAt", "pushed_at")}};
    }};

json pull_fields(const json& o) {
  const json& reviews = get(o, "reviews");
  return {{"state", get(o, "state")},
          {"updatedAt", updated(o)},
          {"mergeable", either(o, "mergeable", "mergeableState")},
          {"reviews", reviews.is_object() ? get_or(reviews, "totalCount", 0) : json(0)}};
}

std::string by_number(const json& o) { return id_text(o, "number", "id"); }
std::string by_name(const json& o) { return id_text(o, "name", nullptr); }
std::string by_id_or_name(const json& o) { return id_text(o, "id", "name"); }

json run_fields(const json& o) {
  return {{"status", get(o, "status")}, {"conclusion", get(o, "conclusion")}, {"updatedAt", updated(o)}};
}

json check_fields(const json& o) {
  return {{"status", get(o, "status")},
          {"conclusion", get(o, "conclusion")},
          {"completedAt", either(o, "completedAt", "completed_at")}};
}

// The first that matches counts, in the order of the Python implementation.
const Rule kRules[] = {
    {"issue", by_number,
     [](const json& o) {
       return json{{"state", get(o, "state")}, {"updatedAt", updated(o)}, {"comments", get_or(o, "comments", 0)}};
     }},
    {"pull", by_number, pull_fields},
    {"pr", by_number, pull_fields},
    {"comment", [](const json& o) { return id_text(o, "id", nullptr); },
     [](const json& o) {
       return json{{"updatedAt", updated(o)}, {"bodyLength", code_points(get(o, "body"))}};
     }},
    {"commit", [](const json& o) { return text_of(sha_of(o)); },
     [](const json& o) {
       return json{{"sha", sha_of(o)}, {"date", commit_date(o)}};
     }},
    {"release", [](const json& o) { return id_text(o, "id", "tagName"); },
     [](const json& o) {
       return json{{"tagName", either(o, "tagName", "tag_name")},
                   {"publishedAt", either(o, "publishedAt", "published_at")}};
     }},
    {"workflow", [](const json& o) { return id_text(o, "databaseId", "id"); }, run_fields},
    {"runner", by_id_or_name,
     [](const json& o) {
       return json{{"status", get(o, "status")}, {"busy", get(o, "busy")}};
     }},
    {"branch", by_name,
     [](const json& o) {
       return json{{"name", get_or(o, "name", "")}, {"protected", get_or(o, "protected", false)}, {"sha", head_sha(o)}};
     }},
    {"tag", by_name,
     [](const json& o) {
       return json{{"name", get_or(o, "name", "")}, {"sha", head_sha(o)}};
     }},
    {"deployment", [](const json& o) { return id_text(o, "id", nullptr); },
     [](const json& o) {
       return json{{"id", id_text(o, "id", nullptr)}, {"state", get(o, "state")}, {"updatedAt", updated(o)}};
     }},
    {"check", by_id_or_name, check_fields},
    {"status", by_id_or_name, check_fields},
};

const Rule* rule_of(std::string_view operation) {
  if (operation.starts_with("copilot_")) return nullptr;
  if (operation.starts_with("list_repos") || operation == "get_repo_info") return &kRepos;
  for (const Rule& rule : kRules)
    if (operation.find(rule.word) != std::string_view::npos) return &rule;
  return nullptr;
}

}  // namespace

bool has_validation_fields(std::string_view operation) { return rule_of(operation) != nullptr; }

std::string validation_fields(std::string_view operation, const json& data) {
  const Rule* rule = rule_of(operation);
  if (!rule || !truthy(data)) return {};
  json fields = json::object();
  if (data.is_object()) {
    fields = rule->fields(data);
  } else if (data.is_array()) {
    for (const json& one : data)
      if (one.is_object()) fields[rule->id(one)] = rule->fields(one);
  }
  return fields.empty() ? std::string() : dump_python(fields);
}

std::string content_hash(std::string_view fields) { return cid_v1_raw(view(fields)); }

bool content_hash_is(std::string_view declared, std::string_view fields) {
  return content_hash_matches(declared, view(fields));
}

Result<std::string> canonical_fields(std::string_view text) {
  TRY_ASSIGN(json fields, parse_json(text));
  if (!fields.is_object())
    return fail(Code::kInvalid, "validation fields that are no JSON object", "write {\"name\": value, …}");
  return dump_python(fields);
}

}  // namespace rfs
