// secret cleanup and secret rekey: the store as a whole.
#include <fmt/format.h>

#include "cli/json_view.h"
#include "cli/message.h"
#include "cli/secret.h"

namespace rfs {
namespace {

std::uint64_t expired(Access& access) {
  const auto stats = read_tree(access, ".runnerfs/stats.json");
  return stats ? static_cast<std::uint64_t>(json_number(*stats, "expired_credentials")) : 0;
}

}  // namespace

int run_secret_cleanup(const Given& given) {
  auto reach = reach_secrets(given);
  if (!reach) return report(reach.error());
  Access& access = (*reach)->access();
  if (const auto there = access.list("secrets"); !there) return report(there.error());
  const std::uint64_t before = expired(access);
  if (const auto done = access.control("secret cleanup"); !done) return report(done.error());
  const std::uint64_t after = expired(access);
  return print(fmt::format("{} expired credentials removed\n", before > after ? before - after : 0));
}

int run_secret_rekey(const Given& given) {
  if (given.has("--root")) return run_secret_rekey_root(given);
  auto reach = reach_secrets(given);
  if (!reach) return report(reach.error());
  if (const auto done = (*reach)->access().control("secret rekey"); !done) return report(done.error());
  return print("every credential is sealed under a new key; the old one is erased\n");
}

}  // namespace rfs
