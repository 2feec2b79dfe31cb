// `why PATH`: what is held of it, where that came from, and what the next reader will get.
#include <fmt/format.h>

#include <map>

#include "backends/github/path.h"
#include "cli/access.h"
#include "cli/json_view.h"
#include "cli/message.h"

namespace rfs {
namespace {

class Rows {
 public:
  void row(std::string_view name, std::string_view value) {
    if (!value.empty()) out_ += fmt::format("{:<12} {}\n", name, printable(value));
  }
  const std::string& str() const { return out_; }

 private:
  std::string out_;
};

std::string sentence(const std::string& state, bool held) {
  if (!held) return "nothing is held: the next reader asks GitHub";
  if (state == "immutable") return "named by a full commit, so it cannot change: the next reader is answered at once";
  if (state == "fresh" || state == "revalidated") return "within its time: the next reader is answered at once";
  if (state == "stale") return "past its time: the next reader asks GitHub whether it changed";
  return state;
}

// What the route table says of a path below api/.
Result<> route_rows(Rows& out, const std::string& below, const Settings& settings) {
  const Routes routes(route_options(settings));
  TRY_ASSIGN(const ApiName name, parse_api_path(below, routes));
  if (name.what != ApiName::What::kFile)
    return fail(Code::kNotFound, fmt::format("api/{}: no file by the grammar of api/", below),
                "runnerfs(7) describes it; `runnerfs path URL` prints the name of a URL");
  out.row("request",
          fmt::format("GET {}{}{}", name.request->path, name.request->query.empty() ? "" : "?", name.request->query));
  out.row("accept", name.request->accept);
  if (name.route == nullptr) return {};
  out.row("route", name.route->pattern);
  out.row("operation", name.route->operation);
  if (!name.route->store) {
    out.row("ttl", "never stored");
  } else {
    out.row("ttl", name.route->ttl >= 0 ? fmt::format("{} s", name.route->ttl) : "what GitHub says, at most 60 s");
  }
  return {};
}

void limit_rows(Rows& out, const std::string& limits) {
  for (const std::string& window : json_list(limits, "windows"))
    out.row("limit",
            fmt::format("{}: {} of {} calls remain until {}", json_text(window, "resource"),
                        json_text(window, "remaining"), json_text(window, "limit"), json_text(window, "reset_at")));
}

}  // namespace

int run_why(const Given& given) {
  auto reach = Reach::open(given);
  if (!reach) return report(reach.error());
  const auto path = (*reach)->tree_path(given.arguments[0]);
  if (!path) return report(path.error(), given.arguments[0]);
  Rows out;
  out.row("path", *path);
  if (path->starts_with("api/"))
    if (auto rows = route_rows(out, path->substr(4), (*reach)->settings()); !rows)
      return report(rows.error(), given.arguments[0]);
  const auto info = (*reach)->access().stat(*path, false);
  if (!info) return report((*reach)->explain(*path, info.error()), given.arguments[0]);
  std::map<std::string, std::string> attributes(info->xattrs.begin(), info->xattrs.end());
  out.row("why", sentence(attributes["user.runnerfs.state"], info->held));
  if (const auto cause = (*reach)->unread(); cause && !info->held)
    out.row("store", fmt::format("cannot be read, and may hold it: {}", cause->message));
  for (const char* name : {"state", "source", "proof", "age", "expires", "ttl"})
    out.row(name, attributes[std::string("user.runnerfs.") + name]);
  out.row("status", attributes["user.http.status"]);
  out.row("etag", attributes["user.http.etag"]);
  out.row("modified", attributes["user.http.last-modified"]);
  if (info->held) out.row("size", fmt::format("{}", info->size));
  if (const auto limits = read_tree((*reach)->access(), ".runnerfs/ratelimit.json")) limit_rows(out, *limits);
  return print(out.str());
}

}  // namespace rfs
