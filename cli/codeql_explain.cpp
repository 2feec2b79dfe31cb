// codeql explain: why a check hits or misses.
#include <fmt/format.h>

#include "base/json.h"
#include "base/time.h"
#include "cli/codeql_desk.h"
#include "cli/json_view.h"
#include "cli/message.h"

namespace rfs {
namespace {

std::string json_texts(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + json_quote(text);
  return "[" + out + "]";
}

std::string why_not(const codeql::Subject& subject, const codeql::Candidate& candidate) {
  if (!candidate.not_reusable.empty()) return candidate.not_reusable;
  if (candidate.key != subject.manifest.key) return "its inputs are others";
  return candidate.uncertain;
}

std::string candidate_json(const codeql::Subject& subject, const codeql::Candidate& one) {
  JsonLine line;
  line.text("source", one.source).text("commit", one.commit).text("ref", one.ref).text("trust", one.trust);
  line.text("analysed_at", rfc3339(one.analysed_at)).boolean("same_key", one.key == subject.manifest.key);
  return line.text("objection", why_not(subject, one)).str();
}

std::string explanation_json(const codeql::Subject& subject, const codeql::Decision& decision, const CodeqlDesk& desk) {
  std::string candidates;
  for (const codeql::Candidate& one : desk.candidates())
    candidates += (candidates.empty() ? "" : ", ") + candidate_json(subject, one);
  JsonLine line;
  line.text("answer", decision.skip ? "skip" : "scan").text("reason", decision.reason);
  line.raw("doubts", json_texts(subject.doubts)).raw("candidates", "[" + candidates + "]");
  return line.raw("manifest", codeql::manifest_json(subject.manifest)).str();
}

void add_list(std::string& out, const char* title, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  out += fmt::format("{}:\n", title);
  for (const std::string& text : texts) out += fmt::format("  {}\n", printable(text));
}

std::string explanation_text(const codeql::Subject& subject, const codeql::Decision& decision, const CodeqlDesk& desk) {
  const codeql::Manifest& manifest = subject.manifest;
  std::string out = fmt::format("{}\nreason: {}\nkey: {} (mode {})\ncommit: {}\n", decision.skip ? "skip" : "scan",
                                printable(decision.reason), manifest.key, codeql::mode_word(manifest.mode), manifest.commit);
  add_list(out, "speaks against any result", subject.doubts);
  add_list(out, "may move, which bounds the age of a result", manifest.floating);
  std::vector<std::string> lines;
  for (const codeql::Candidate& one : desk.candidates()) {
    const std::string why = why_not(subject, one);
    lines.push_back(fmt::format("{}: commit {}, {}, from {}{}{}", one.source, one.commit.substr(0, 12), rfc3339(one.analysed_at),
                                codeql::trust_words(one.trust), why.empty() ? "" : ": ", why));
  }
  add_list(out, "results that were looked at", lines);
  lines.clear();
  for (const auto& [name, value] : manifest.inputs) lines.push_back(fmt::format("{}: {}", name, value));
  add_list(out, "inputs of the key", lines);
  return out;
}

}  // namespace

int run_codeql_explain(const Given& given) {
  const auto scan = examine_scan(given);
  if (!scan) return report(scan.error());
  CodeqlDesk desk(given, *scan->reach, scan->request);
  const codeql::Decision decision = desk.answer(scan->subject, circumstances_of(scan->request, scan->reach->settings()));
  return print(given.has("--json") ? json_pretty(explanation_json(scan->subject, decision, desk)) + "\n"
                                   : explanation_text(scan->subject, decision, desk));
}

}  // namespace rfs
