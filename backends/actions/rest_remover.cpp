#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backends/actions/service_place.h"
#include "backends/github/request.h"
#include "base/encode.h"
#include "base/json.h"

namespace rfs {
namespace {

constexpr std::size_t kRemovedMost = 10;

HttpRequest rest_request(const RemoverOptions& options, const std::string& path) {
  HttpRequest request;
  request.url = fmt::format("{}/repos/{}/actions/caches{}", options.api_url, options.repository, path);
  request.timeout = Millis(15'000);
  request.max_body = 4u << 20;
  request.headers = {{"User-Agent", options.user_agent},
                     {"Accept", "application/vnd.github+json"},
                     {"X-GitHub-Api-Version", kApiVersion}};
  request.authorization = options.token;
  return request;
}

// The ids of older snapshots of the same branch.
std::vector<std::uint64_t> older_ones(const nlohmann::json& answer, const SnapshotName& than) {
  std::vector<std::uint64_t> out;
  const auto list = answer.is_object() ? answer.find("actions_caches") : answer.end();
  if (!answer.is_object() || list == answer.end() || !list->is_array()) return out;
  for (const auto& one : *list) {
    if (!one.is_object() || !one.contains("key") || !one["key"].is_string() || !one.contains("id") ||
        !one["id"].is_number_unsigned())
      continue;
    const auto name = parse_snapshot_name(one["key"].get<std::string>());
    if (name && name->sealed == than.sealed && name->branch == than.branch && name->created <= than.created &&
        name->random != than.random)
      out.push_back(one["id"].get<std::uint64_t>());
  }
  return out;
}

}  // namespace

OldRemover rest_remover(RemoverOptions options, Web& web) {
  return [options = std::move(options), &web](const SnapshotName& than) -> std::uint64_t {
    std::string query = "?per_page=100&key=" + percent_encode(snapshot_prefix(than.sealed, than.branch));
    if (!options.ref.empty()) query += "&ref=" + percent_encode(options.ref);
    const auto listed = web.once(rest_request(options, query));
    if (!listed || listed->status != 200) return 0;
    const auto answer = parse_json(listed->body);
    if (!answer) return 0;
    std::uint64_t removed = 0;
    for (const std::uint64_t id : older_ones(*answer, than)) {
      if (removed == kRemovedMost) break;
      HttpRequest request = rest_request(options, fmt::format("/{}", id));
      request.method = "DELETE";
      const auto gone = web.once(std::move(request));
      if (!gone || gone->status < 200 || gone->status >= 300) break;
      ++removed;
    }
    return removed;
  };
}

}  // namespace rfs
