#include "backends/github/recordings.h"

#include <dirent.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/http/url.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/handle.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace rfs {

namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* member) {
  auto at = object.find(member);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool is_recording(const json& value) {
  if (!value.is_object()) return false;
  auto status = value.find("status");
  return !text_of(value, "method").empty() && !text_of(value, "path").empty() && status != value.end() &&
         status->is_number_integer();
}

void take_header(HeaderList& headers, const std::string& name, const json& value) {
  if (value.is_array()) {
    for (const json& one : value) take_header(headers, name, one);
    return;
  }
  headers.add_line(name + ": " + (value.is_string() ? value.get<std::string>() : dump_line(value)));
}

HeaderList headers_of(const json& recording) {
  HeaderList headers;
  if (auto raw = recording.find("rawHeaders"); raw != recording.end() && raw->is_array()) {
    for (std::size_t i = 0; i + 1 < raw->size(); i += 2)
      if ((*raw)[i].is_string()) take_header(headers, (*raw)[i].get<std::string>(), (*raw)[i + 1]);
  } else if (auto named = recording.find("headers"); named != recording.end() && named->is_object()) {
    for (const auto& [name, value] : named->items()) take_header(headers, name, value);
  }
  return headers;
}

// What was true of the recorded bytes and the recorded hour, not of what is served now.
void drop_outdated(HeaderList& headers, int status) {
  for (const char* name : {"etag", "content-length", "content-encoding", "transfer-encoding", "date", "connection"})
    headers.remove(name);
  if (status == 403 || status == 429) return;
  for (const char* name :
       {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset", "x-ratelimit-resource"})
    headers.remove(name);
}

std::string body_of(const json& recording) {
  auto response = recording.find("response");
  if (response == recording.end() || response->is_null()) return {};
  if (!response->is_string()) return dump_line(*response);
  std::string body = response->get<std::string>();
  if (!recording.value("responseIsBinary", false)) return body;
  auto bytes = unhex(body);
  return bytes ? std::string(text(*bytes)) : body;
}

std::string host_of(const json& recording) {
  auto url = parse_url(text_of(recording, "scope"));
  return url ? url->authority() : "api.github.com";
}

std::string accept_of(const json& recording) {
  auto sent = recording.find("reqheaders");
  if (sent == recording.end() || !sent->is_object()) return {};
  for (const auto& [name, value] : sent->items())
    if (same_text(name, "accept") && value.is_string()) return value.get<std::string>();
  return {};
}

}  // namespace

std::string kind_of_accept(std::string_view accept) {
  if (accept.find("octet-stream") != std::string_view::npos) return "bin";
  for (const char* kind : {"sarif", "raw", "html", "diff", "patch"})
    if (accept.find(kind) != std::string_view::npos) return kind;
  return "json";
}

std::string sorted_query(std::string_view query, std::string_view without) {
  std::vector<std::string> parameters;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (parameter.empty()) continue;
    if (!without.empty() && parameter.substr(0, parameter.find('=')) == without) continue;
    auto plain = percent_decode(parameter);
    parameters.push_back(plain ? percent_encode(*plain, "=:,+@") : std::string(parameter));
  }
  std::stable_sort(parameters.begin(), parameters.end(), [](const std::string& a, const std::string& b) {
    return a.substr(0, a.find('=')) < b.substr(0, b.find('='));
  });
  std::string out;
  for (const std::string& parameter : parameters) out += (out.empty() ? "" : "&") + parameter;
  return out;
}

Recordings Recordings::load(const std::string& directory) {
  Recordings out;
  Handle<DIR, closedir> dir(opendir(directory.c_str()));
  if (!dir) {
    log(Level::kError, "the directory of recorded answers cannot be read: every request will be a 404");
    return out;
  }
  std::set<std::string> names;  // in order, so that a URL recorded twice answers the same on every machine
  while (const dirent* item = readdir(dir.get()))
    if (std::string name = item->d_name; name.ends_with(".json")) names.insert(name);
  for (const std::string& name : names) {
    auto content = read_file(directory + "/" + name);
    if (content && out.read(*content)) out.files_.insert(name);
  }
  return out;
}

bool Recordings::read(std::string_view content) {
  if (trimmed(content.substr(0, 64)).substr(0, 1) != "[") return false;
  auto document = parse_json(content);
  if (!document || !document->is_array() || document->empty()) return false;
  if (!std::all_of(document->begin(), document->end(), is_recording)) return false;
  for (const json& one : *document) {
    if (!same_text(text_of(one, "method"), "GET")) continue;
    const std::string target = text_of(one, "path");
    const auto question = target.find('?');
    const std::string query = question == std::string::npos ? "" : sorted_query(target.substr(question + 1));
    Recording recording{accept_of(one).empty() ? "" : kind_of_accept(accept_of(one)), one["status"].get<int>(),
                        headers_of(one), body_of(one)};
    drop_outdated(recording.headers, recording.status);
    by_url_[host_of(one) + target.substr(0, question) + "?" + query].push_back(std::move(recording));
  }
  return true;
}

const Recording* Recordings::find(const std::string& host, const std::string& path, const std::string& query,
                                  std::string_view kind) const {
  auto known = by_url_.find(host + path + "?" + query);
  if (known == by_url_.end()) return nullptr;
  const Recording* fallback = nullptr;
  for (const Recording& recording : known->second) {
    if (recording.kind == kind) return &recording;
    // Bytes are bytes, and a redirect is one for every media type.
    if (recording.kind.empty() || kind == "bin" || recording.status >= 300) fallback = fallback ? fallback : &recording;
  }
  return fallback;
}

}  // namespace rfs
