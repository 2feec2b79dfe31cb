#include "backends/codeql/reupload.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "backends/codeql/tree.h"
#include "base/json.h"

namespace rfs::codeql {
namespace {

constexpr std::size_t kMostCaptured = 4u << 20;
// Containers around the members of a run: the log, the list of runs, the run.
constexpr std::size_t kLog = 1, kRuns = 2, kRun = 3;

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

// Follows the structure of a document that is known to be sound; of names it keeps those of the log and of runs.
struct Reupload::Impl {
  enum class Capture { kNo, kProperties, kProvenance };

  Result<> byte(char c) {
    if (in_string) return string_byte(c);
    if (capture != Capture::kNo && containers.size() == kRun && started && (c == ',' || c == '}')) TRY(end_capture());
    switch (c) {
      case '"':
        in_string = true;
        is_name = name_next;
        name_next = false;
        text.clear();
        break;
      case '{':
      case '[':
        if (c == '{' && containers.size() == kRuns && in_runs) begin_run();
        containers.push_back(c);
        name_next = c == '{';
        break;
      case '}':
      case ']':
        if (c == '}' && containers.size() == kRun && in_runs && !has_properties)
          out(fmt::format(",\"properties\":{{\"runnerfs.reusedFrom\":{}}}", from));
        if (containers.size() == kRuns && c == ']') in_runs = false;
        containers.pop_back();
        break;
      case ',':
        name_next = containers.back() == '{';
        break;
      case ':':
        TRY(put(c));
        if (capture == Capture::kNo) begin_value();
        return {};
      default:
        break;
    }
    if (!blank(c)) started = true;
    return put(c);
  }

  Result<> string_byte(char c) {
    if (escaped) {
      escaped = false;
    } else if (c == '\\') {
      escaped = true;
    } else if (c == '"') {
      in_string = false;
      if (is_name) TRY(end_name());
      return put(c);
    }
    if (is_name && (containers.size() == kLog || (containers.size() == kRun && in_runs)) && text.size() < 64)
      text.push_back(c);
    return put(c);
  }

  Result<> end_name() {
    const bool matters = containers.size() == kLog || (containers.size() == kRun && in_runs);
    if (matters && text.find('\\') != std::string::npos)
      return fail(Code::kInvalid, "a member of a run has a name with escapes, which cannot be made truthful");
    name = matters ? text : "";
    return {};
  }

  // After the ':' of a member.
  void begin_value() {
    started = false;
    if (containers.size() == kLog && name == "runs") in_runs = true;
    if (containers.size() == kRun && in_runs && name == "properties") capture = Capture::kProperties;
    if (containers.size() == kRun && in_runs && name == "versionControlProvenance") capture = Capture::kProvenance;
    captured.clear();
  }

  void begin_run() {
    ++runs;
    has_properties = false;
  }

  Result<> end_capture() {
    const Capture what = std::exchange(capture, Capture::kNo);
    if (what == Capture::kProvenance) {
      out(provenance);
      return {};
    }
    has_properties = true;
    nlohmann::ordered_json object = nlohmann::ordered_json::parse(captured, nullptr, false);
    if (!object.is_object()) return fail(Code::kInvalid, "the properties of a run are no object");
    object.erase("jobRunUuid");
    object["runnerfs.reusedFrom"] = nlohmann::ordered_json::parse(from);
    out(object.dump());
    return {};
  }

  Result<> put(char c) {
    if (capture == Capture::kNo) {
      buffer.push_back(c);
      return {};
    }
    if (captured.size() == kMostCaptured) return fail(Code::kInvalid, "the properties of a run are larger than 4 MiB");
    captured.push_back(c);
    return {};
  }
  void out(std::string_view more) { buffer.append(more); }

  std::string from, provenance;
  Sink sink;
  std::string containers;  // '{' and '['
  std::string text, name, captured, buffer;
  bool in_string = false, escaped = false, is_name = false, name_next = false;
  bool in_runs = false, has_properties = false, started = false;
  std::size_t runs = 0;
  Capture capture = Capture::kNo;
};

Reupload::Reupload(const ReusedFrom& from, const NewHome& home, Sink sink) : impl_(std::make_unique<Impl>()) {
  impl_->from =
      JsonLine().text("commit", from.commit).text("digest", from.digest).text("analysedAt", from.analysed_at).str();
  JsonLine provenance;
  provenance.text("repositoryUri", home.repository_url).text("revisionId", home.commit);
  if (!home.branch.empty()) provenance.text("branch", home.branch);
  impl_->provenance = "[" + provenance.str() + "]";
  impl_->sink = std::move(sink);
}

Reupload::~Reupload() = default;

Result<> Reupload::push(std::string_view bytes) {
  for (const char c : bytes) TRY(impl_->byte(c));
  TRY(impl_->sink(impl_->buffer));
  impl_->buffer.clear();
  return {};
}

Result<> Reupload::finish() {
  if (impl_->runs == 0 || !impl_->containers.empty() || impl_->in_string)
    return fail(Code::kInvalid, "the stored result is not whole");
  return {};
}

Result<std::map<std::string, std::string>> blobs_of(const Git& git, const std::string& commit,
                                                    const std::vector<std::string>& paths) {
  const std::set<std::string, std::less<>> wanted(paths.begin(), paths.end());
  std::map<std::string, std::string> out;
  TRY(list_tree(git, commit, [&](const TreeEntry& entry) {
    if (wanted.contains(entry.path)) out.emplace(entry.path, entry.id);
    return out.size() < wanted.size();
  }));
  return out;
}

Result<> check_blobs(const Git& git, const std::string& commit, const std::map<std::string, std::string>& blobs) {
  std::vector<std::string> paths;
  for (const auto& [path, id] : blobs) paths.push_back(path);
  TRY_ASSIGN(const auto now, blobs_of(git, commit, paths));
  for (const auto& [path, id] : blobs) {
    const auto found = now.find(path);
    if (found == now.end() || found->second != id)
      return fail(Code::kNotFound,
                  fmt::format("{}, which a result is about, {} in commit {}", path,
                              found == now.end() ? "is not there" : "is another", commit.substr(0, 12)),
                  "scan the commit");
  }
  return {};
}

}  // namespace rfs::codeql
