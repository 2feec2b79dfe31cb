#include "fs/tree/api_xattr.h"

#include <fmt/core.h>

#include "fs/tree/entry_file.h"

namespace rfs {
namespace {

// Code search has a window of its own at github.com; servers without one count it as search.
std::vector<std::string_view> resources_of(std::string_view path) {
  if (path.starts_with("search/code")) return {"code_search", "search"};
  if (path.starts_with("search/")) return {"search"};
  return {"core"};
}

void add_window(Attributes& out, const std::vector<RateWindow>& windows, std::string_view path) {
  for (auto resource : resources_of(path)) {
    for (const RateWindow& window : windows) {
      if (window.resource != resource || window.remaining < 0) continue;
      out.emplace_back("user.github.ratelimit-remaining", fmt::format("{}", window.remaining));
      out.emplace_back("user.github.ratelimit-reset", fmt::format("{:.0f}", window.reset));
      return;
    }
  }
}

}  // namespace

Attributes api_attributes(const Node& node, const std::string& path, const Chain& chain, const Clock& clock,
                          const std::function<std::vector<RateWindow>()>& windows) {
  auto file = std::dynamic_pointer_cast<const EntryFile>(node.file);
  if (!file) return {};
  const Entry& entry = *file->entry();
  Attributes out = entry_attributes(entry, clock.wall());
  out.emplace_back("user.runnerfs.state", state_word(entry, chain.freshness(entry)));
  for (auto& one : http_attributes(entry)) out.push_back(std::move(one));
  if (windows) add_window(out, windows(), path);
  return out;
}

}  // namespace rfs
