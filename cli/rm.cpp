#include <fmt/format.h>

#include "cli/access.h"
#include "cli/message.h"

namespace rfs {

int run_rm(const Given& given) {
  auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  for (const std::string& argument : given.arguments) {
    const auto path = (*reach)->tree_path(argument);
    if (!path) return report(path.error(), argument);
    const auto removed = (*reach)->access().remove(*path);
    if (!removed) return report((*reach)->explain(*path, removed.error()), argument);
    if (*removed == 0) return report((*reach)->explain(*path, {Code::kNotFound, fmt::format("{}: nothing to remove", *path), ""}));
  }
  return 0;
}

}  // namespace rfs
