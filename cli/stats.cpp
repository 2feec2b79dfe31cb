#include "cli/access.h"
#include "cli/json_view.h"
#include "cli/message.h"

namespace rfs {

int run_stats(const Given& given) {
  auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  const bool total = given.has("--total");
  const auto text = read_tree((*reach)->access(), total ? ".runnerfs/totals.json" : ".runnerfs/stats.json");
  if (!text) return report(text.error());
  if (given.has("--zero"))
    if (auto zeroed = (*reach)->access().control(total ? "zero totals" : "zero"); !zeroed)
      return report(zeroed.error());
  return print(json_pretty(*text));
}

}  // namespace rfs
