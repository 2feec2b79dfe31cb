#include "cli/totals.h"

#include <fmt/format.h>

#include "cli/value.h"

namespace rfs {
namespace {

constexpr const char* kName = "totals";

// One "name count" a line: a counter that a later version adds or drops does no harm.
Totals::Values parse(const std::string& text) {
  Totals::Values out{};
  for (const std::string& line : split_list(text, '\n')) {
    const std::size_t blank = line.find(' ');
    const auto count =
        blank == std::string::npos ? std::nullopt : parse_whole(std::string_view(line).substr(blank + 1));
    if (!count) continue;
    for (std::size_t i = 0; i < out.size(); ++i)
      if (counter_name(static_cast<Counter>(i)) == std::string_view(line).substr(0, blank)) out[i] = *count;
  }
  return out;
}

std::string format(const Totals::Values& values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0) out += fmt::format("{} {}\n", counter_name(static_cast<Counter>(i)), values[i]);
  return out;
}

}  // namespace

Result<Totals::Values> Totals::save() {
  auto saved = saved_.lock();
  TRY_ASSIGN(const std::string text, store_.get_value(kName));
  Values totals = parse(text);
  Values now{};
  bool changed = false;
  for (std::size_t i = 0; i < now.size(); ++i) {
    now[i] = counters_.get(static_cast<Counter>(i));
    changed = changed || now[i] != (*saved)[i];
    totals[i] += now[i] - std::min(now[i], (*saved)[i]);
  }
  if (changed) TRY(store_.set_value(kName, format(totals)));
  *saved = now;
  return totals;
}

Result<> Totals::zero(bool totals) {
  TRY(save());
  auto saved = saved_.lock();
  counters_.zero();
  *saved = Values{};
  return totals ? store_.set_value(kName, "") : Result<>{};
}

}  // namespace rfs
