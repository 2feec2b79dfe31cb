#include "backends/sarif/facts.h"

#include "base/json.h"

namespace rfs::sarif {
namespace {

// {…} → …
std::string members(const JsonLine& line) {
  const std::string text = line.str();
  return text.substr(1, text.size() - 2);
}

std::string list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + json_quote(text);
  return "[" + out + "]";
}

std::string run_object(const Run& run) {
  JsonLine line;
  line.text("tool", run.tool).text("version", run.version).text("category", run.category);
  line.number("results", run.results).number("rules", run.rules).number("artifacts", run.artifacts);
  return line.str();
}

}  // namespace

std::string_view severity_word(Severity severity) {
  constexpr std::string_view kWords[] = {"critical", "high", "medium", "low", "error", "warning", "note", "none"};
  return kWords[static_cast<std::size_t>(severity)];
}

std::string summary_members(const Facts& facts) {
  JsonLine severities;
  for (std::size_t i = 0; i < kSeverities; ++i)
    severities.number(severity_word(static_cast<Severity>(i)), facts.severities[i]);
  std::string runs;
  for (const Run& run : facts.runs) runs += (runs.empty() ? "" : ", ") + run_object(run);
  const Run first = facts.runs.empty() ? Run{} : facts.runs.front();
  JsonLine line;
  line.number("alerts_count", facts.alerts).number("active", facts.active).number("suppressed", facts.suppressed);
  line.number("absent", facts.absent).raw("severity_breakdown", severities.str());
  line.text("tool", first.tool).text("version", first.version).text("category", first.category);
  line.raw("runs", "[" + runs + "]").raw("warnings", list(facts.warnings));
  return members(line);
}

}  // namespace rfs::sarif
