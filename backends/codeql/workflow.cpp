#include "backends/codeql/workflow.h"

#include <algorithm>

#include "backends/codeql/git.h"
#include "base/text.h"

namespace rfs::codeql {
namespace {

bool word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// A reference to something elsewhere by a name that can be moved: a tag, a branch, a range of versions, or no version.
bool moves(std::string_view reference) {
  const std::size_t at = reference.rfind('@');
  if (at == std::string_view::npos) return true;
  const std::string_view version = reference.substr(at + 1);
  if (full_id(version)) return false;
  // An exact version of a pack: digits and dots, and what may follow them.
  const bool exact = std::count(version.begin(), version.end(), '.') >= 2 && version[0] >= '0' && version[0] <= '9';
  return !exact || std::count(reference.begin(), reference.end(), '/') != 1;
}

// The words of a value: separated by commas, blanks, quotes and brackets.
std::vector<std::string_view> words_of(std::string_view value) {
  std::vector<std::string_view> out;
  constexpr std::string_view kBreaks = " \t\r\n,\"'[]{}|>";
  while (true) {
    const std::size_t begin = value.find_first_not_of(kBreaks);
    if (begin == std::string_view::npos) return out;
    value.remove_prefix(begin);
    if (value.starts_with('#')) return out;
    const std::size_t end = value.find_first_of(kBreaks);
    out.push_back(value.substr(0, end));
    if (end == std::string_view::npos) return out;
    value.remove_prefix(end);
  }
}

class Reader {
 public:
  explicit Reader(bool configuration) : configuration_(configuration) {}
  void line(std::string_view line) {
    variables(line);
    const std::string_view text = trimmed(line);
    const std::size_t indent = line.find_first_not_of(" \t-");
    if (indent == std::string_view::npos || text.starts_with('#')) return;
    if (in_packs_ && indent <= packs_indent_ && !text.starts_with('-')) in_packs_ = false;
    if (in_packs_) pack_words(text.find(':') != std::string_view::npos && text.starts_with('-') ? "" : text);
    // A key may stand anywhere in a line: "- uses: x", "with: {queries: x}".
    if (const auto value = value_of(line, "uses")) uses(*value);
    if (const auto value = value_of(line, "queries"))
      for (std::string_view word : words_of(*value)) query(word);
    if (const auto value = value_of(line, "config-file"))
      for (std::string_view word : words_of(*value)) config_file(word);
    if (const auto value = value_of(line, "packs")) {
      pack_words(*value);
      in_packs_ = true, packs_indent_ = indent;
    }
  }

  WorkflowFacts finish() {
    for (auto* list : {&out_.variables, &out_.local, &out_.files, &out_.floating}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
    return std::move(out_);
  }

  void query(std::string_view word) {
    while (word.starts_with('+')) word.remove_prefix(1);
    // A suite of CodeQL has no '/'; ./path is a file of the repository.
    if (word.find('/') != std::string_view::npos && !word.starts_with("./") && moves(word)) floating(word);
  }
  void pack_words(std::string_view value) {
    for (std::string_view word : words_of(value)) {
      while (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
      if (word.find('/') != std::string_view::npos && moves(word)) floating(word);
    }
  }
  void config_file(std::string_view word) {
    if (word.find('@') != std::string_view::npos) {
      if (moves(word)) floating(word);
      return;
    }
    if (word.starts_with("./")) word.remove_prefix(2);
    if (word.find("${{") == std::string_view::npos) out_.files.emplace_back(word);
  }

 private:
  static std::optional<std::string_view> value_of(std::string_view line, std::string_view key) {
    for (std::size_t at = 0; (at = line.find(key, at)) != std::string_view::npos; at += key.size()) {
      if (at > 0 && (word_byte(line[at - 1]) || line[at - 1] == '-')) continue;
      std::string_view rest = line.substr(at + key.size());
      if (rest.starts_with('"') || rest.starts_with('\'')) rest.remove_prefix(1);
      if (rest.starts_with(':')) return rest.substr(1);
    }
    return std::nullopt;
  }

  void uses(std::string_view value) {
    const auto words = words_of(value);
    if (words.empty()) return;
    const std::string_view what = words[0];
    if (what.starts_with("./")) {
      if (what.starts_with("./.github/workflows/")) out_.local.emplace_back(what.substr(2));
    } else if ((what.starts_with("github/codeql-action/") ||
                what.find("/.github/workflows/") != std::string_view::npos || configuration_) &&
               moves(what)) {
      floating(what);
    }
  }

  void variables(std::string_view line) {
    for (const std::string_view prefix : {"CODEQL_", "LGTM_"})
      for (std::size_t at = 0; (at = line.find(prefix, at)) != std::string_view::npos; at += prefix.size()) {
        if (at > 0 && word_byte(line[at - 1])) continue;
        std::size_t end = at;
        while (end < line.size() && word_byte(line[end])) ++end;
        std::string_view rest = line.substr(end);
        if (rest.starts_with('"') || rest.starts_with('\'')) rest.remove_prefix(1);
        while (rest.starts_with(' ')) rest.remove_prefix(1);
        if (rest.starts_with(':')) out_.variables.emplace_back(line.substr(at, end - at));
      }
  }

  void floating(std::string_view what) { out_.floating.emplace_back(what); }

  const bool configuration_;
  WorkflowFacts out_;
  bool in_packs_ = false;
  std::size_t packs_indent_ = 0;
};

WorkflowFacts read_lines(std::string_view text, Reader reader) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    reader.line(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return reader.finish();
}

}  // namespace

WorkflowFacts read_workflow(std::string_view text) { return read_lines(text, Reader(false)); }
WorkflowFacts read_config_file(std::string_view text) { return read_lines(text, Reader(true)); }

std::vector<std::string> floating_of_config(std::string_view canonical) {
  if (!canonical.starts_with('{')) return {};
  // Every word of the document that looks like a reference elsewhere; paths of files have no '@' and are not packs.
  Reader reader(true);
  for (std::string_view word : words_of(canonical))
    if (word.find('@') != std::string_view::npos) reader.query(word);
  // Packs without a version are words like any other: told by the member's name.
  if (const std::size_t at = canonical.find("\"packs\": "); at != std::string_view::npos)
    reader.pack_words(canonical.substr(at + 9, canonical.find_first_of("}]", at) - at - 9));
  return reader.finish().floating;
}

std::string workflow_path(std::string_view workflow_ref, std::string_view repository) {
  const std::string_view path = workflow_ref.substr(0, workflow_ref.find('@'));
  if (path.size() <= repository.size() + 1 || !equal_ignoring_case(path.substr(0, repository.size()), repository) ||
      path[repository.size()] != '/')
    return {};
  const std::string_view below = path.substr(repository.size() + 1);
  return below.starts_with(".github/workflows/") ? std::string(below) : "";
}

}  // namespace rfs::codeql
