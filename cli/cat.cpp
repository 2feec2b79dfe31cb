#include "cli/access.h"
#include "cli/message.h"

namespace rfs {

int run_cat(const Given& given) {
  auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  for (const std::string& argument : given.arguments) {
    const auto path = (*reach)->tree_path(argument, given.has("--fresh"));
    if (!path) return report(path.error(), argument);
    Result<bool> written = true;
    const auto done = (*reach)->access().cat(*path, [&](BytesView bytes) {
      written = to_stdout(bytes);
      return written && *written;
    });
    if (!written) return report(written.error());
    if (!*written) return 0;  // whoever reads has enough
    if (!done) return report((*reach)->explain(*path, done.error()), argument);
  }
  return 0;
}

}  // namespace rfs
