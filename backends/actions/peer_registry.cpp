// The registry's issue: found or made, its comments listed, the own one written and taken away.
#include "backends/actions/peer_registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "backends/github/request.h"
#include "base/encode.h"
#include "base/json.h"

namespace rfs {
namespace {

constexpr double kRegistryAheadOfUs = 300, kRegistryLongOver = 3600, kSearchAgain = 3600;
constexpr std::size_t kCommentsPage = 100, kPagesMost = 3, kRemovedAtOnce = 5;
constexpr const char* kIssueBody =
    "This issue is used as an automated peer registry for IPFS Accelerate P2P cache sharing.\n\n"
    "Each peer writes/updates a single comment containing its current peer info.\n";

struct Comment {
  std::uint64_t id = 0;
  RegistryPeer peer;
};

Error registry_refusal(const HttpResponse& response, std::string_view what) {
  const bool limited = response.status == 429 || (response.status == 403 && (response.headers.get("x-ratelimit-remaining") == "0" ||
                                                                            !response.headers.get("retry-after").empty()));
  const bool denied = response.status == 401 || response.status == 403 || response.status == 404 || response.status == 410;
  return {limited ? Code::kLimited : denied ? Code::kDenied : Code::kBroken, fmt::format("{}: {}", what, response.status),
          limited  ? "it is tried again later"
          : denied ? "the token needs `issues: write`, to look alone `issues: read`; peers can be named in CACHE_BOOTSTRAP_PEERS instead"
                   : "",
          -1};
}

// An app is "NONE" to a repository in which it is installed; without that it cannot write there.
bool may_be_believed(const nlohmann::json& comment) {
  const auto association = comment.find("author_association");
  if (association != comment.end() && association->is_string()) {
    const auto& word = association->get_ref<const std::string&>();
    if (word == "OWNER" || word == "MEMBER" || word == "COLLABORATOR") return true;
  }
  const auto user = comment.find("user");
  if (user == comment.end() || !user->is_object()) return false;
  const auto type = user->find("type");
  return type != user->end() && type->is_string() && type->get_ref<const std::string&>() == "Bot";
}

std::optional<std::uint64_t> unsigned_at(const nlohmann::json& object, const char* name) {
  const auto at = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || at == object.end() || !at->is_number_unsigned()) return std::nullopt;
  return at->get<std::uint64_t>();
}

// The lowest number among open issues of exactly this title.
std::optional<std::uint64_t> lowest_of(const nlohmann::json& list, const std::string& title) {
  std::optional<std::uint64_t> out;
  if (!list.is_array()) return out;
  for (const auto& one : list) {
    const auto number = unsigned_at(one, "number");
    if (!number || one.contains("pull_request") || !one.contains("title") || one["title"] != title) continue;
    if (one.contains("state") && one["state"] != "open") continue;
    if (!out || *number < *out) out = number;
  }
  return out;
}

}  // namespace

struct PeerRegistry::State {
  RegistryOptions options;
  Authorization authorization;
  Web& web;

  std::optional<std::uint64_t> issue;
  double searched = -1, told = -1, refused_removal = -1;
  std::optional<std::uint64_t> own;  // the comment that was written
  struct Page {
    std::string etag;
    std::size_t length = 0;  // comments on it, whatever they say
    std::vector<Comment> comments;
  };
  std::vector<Page> pages;

  HttpRequest request(std::string rest) const {
    HttpRequest out;
    out.url = options.api_url + std::move(rest);
    out.timeout = Millis(15'000);
    out.max_body = 16u << 20;
    out.headers = {{"User-Agent", options.user_agent}, {"Accept", "application/vnd.github+json"}, {"X-GitHub-Api-Version", kApiVersion}};
    out.authorization = authorization();
    return out;
  }
  HttpRequest in_repository(std::string_view rest) const { return request(fmt::format("/repos/{}/issues{}", options.repository, rest)); }
  HttpRequest writing(std::string_view rest, const char* method, const nlohmann::json& content) const {
    HttpRequest out = in_repository(rest);
    out.method = method;
    out.headers.emplace_back("Content-Type", "application/json");
    out.content = std::make_shared<const std::string>(dump_line(content));
    return out;
  }

  Result<nlohmann::json> document(const HttpRequest& wanted, std::string_view what) const {
    TRY_ASSIGN(const HttpResponse response, web.ask(wanted));
    if (response.status < 200 || response.status >= 300) return fail(registry_refusal(response, what));
    auto out = parse_json(response.body, 32);
    if (!out) return fail(Code::kBroken, fmt::format("{}: the answer is not of the form", what));
    return std::move(*out);
  }

  // The search comes to know of an issue some time after it was made; the list of the newest ones knows at once.
  Result<> find_issue(double now) {
    if (issue && searched >= 0 && std::abs(now - searched) < kSearchAgain) return {};
    const std::string query = fmt::format("repo:{} is:issue is:open in:title \"{}\"", options.repository, options.title);
    TRY_ASSIGN(const nlohmann::json found, document(request("/search/issues?per_page=50&q=" + percent_encode(query)),
                                                    "the registry of peers cannot be searched for"));
    std::optional<std::uint64_t> number = found.is_object() && found.contains("items") ? lowest_of(found["items"], options.title) : std::nullopt;
    if (!number) {
      TRY_ASSIGN(const nlohmann::json newest, document(in_repository("?state=open&sort=created&direction=desc&per_page=100"),
                                                       "the registry of peers cannot be looked for"));
      number = lowest_of(newest, options.title);
    }
    if (issue != number) {
      pages.clear();
      own.reset();
      told = -1;
    }
    issue = number;
    searched = now;
    return {};
  }

  Result<> make_issue() {
    TRY_ASSIGN(const nlohmann::json made, document(writing("", "POST", {{"title", options.title}, {"body", kIssueBody}}),
                                                   "the registry of peers cannot be made"));
    issue = unsigned_at(made, "number");
    if (!issue) return fail(Code::kBroken, "the registry of peers cannot be made: the answer is not of the form");
    return {};
  }

  Result<> read_page(std::size_t number) {
    if (pages.size() <= number) pages.resize(number + 1);
    Page& page = pages[number];
    HttpRequest wanted = in_repository(fmt::format("/{}/comments?per_page={}&page={}", *issue, kCommentsPage, number + 1));
    if (!page.etag.empty()) wanted.headers.emplace_back("If-None-Match", page.etag);
    TRY_ASSIGN(const HttpResponse response, web.ask(wanted));
    if (response.status == 304 && !page.etag.empty()) return {};
    if (response.status != 200) {
      if (response.status == 404 || response.status == 410) issue.reset();  // it is gone: look for another one
      return fail(registry_refusal(response, "the registry of peers cannot be read"));
    }
    const auto list = parse_json(response.body, 32);
    if (!list || !list->is_array()) return fail(Code::kBroken, "the registry of peers is not of the form");
    page = {std::string(response.headers.get("etag")), list->size(), {}};
    for (const auto& one : *list) {
      const auto id = unsigned_at(one, "id");
      if (!id || !one.contains("body") || !one["body"].is_string() || !may_be_believed(one)) continue;
      auto peer = parse_registry_comment(options.title, one["body"].get_ref<const std::string&>());
      if (peer) page.comments.push_back({*id, std::move(*peer)});
    }
    return {};
  }

  Result<> read_all() {
    std::size_t number = 0;
    do {
      TRY(read_page(number));
    } while (pages[number].length >= kCommentsPage && ++number < kPagesMost);
    pages.resize(std::min(pages.size(), number + 1));
    return {};
  }

  template <typename Each>
  void each(Each each_one) const {
    for (const Page& page : pages)
      for (const Comment& one : page.comments) each_one(one);
  }
  bool over(const Comment& one, double now) const { return now - one.peer.seen > options.life; }

  // The own comment is the one with our peer id; else one under our name whose time is over, as a peer of the Python
  // implementation leaves it. A name that somebody else uses now gets the end of our peer id behind it.
  void choose(RegistryPeer& peer, double now) {
    bool taken = false;
    std::optional<std::uint64_t> left;
    each([&](const Comment& one) {
      if (one.peer.peer_id == peer.peer_id) {
        own = one.id;
        peer.runner = registry_runner_name(one.peer.runner);
      } else if (one.peer.runner == peer.runner) {
        if (over(one, now))
          left = one.id;
        else
          taken = true;
      }
    });
    if (own) return;
    if (taken)
      peer.runner += "-" + peer.peer_id.substr(peer.peer_id.size() - std::min<std::size_t>(8, peer.peer_id.size()));
    else
      own = left;
  }

  Result<> tell(RegistryPeer peer, double now) {
    peer.seen = now;
    peer.runner = registry_runner_name(peer.runner);
    if (!own) choose(peer, now);
    const nlohmann::json content{{"body", render_registry_comment(options.title, peer, options.user_agent)}};
    constexpr std::string_view kWhat = "this node cannot be entered in the registry of peers";
    if (own) {
      auto edited = document(writing(fmt::format("/comments/{}", *own), "PATCH", content), kWhat);
      if (!edited) {
        own.reset();  // somebody removed it, or it is somebody else's: a new one next time
        return fail(std::move(edited.error()));
      }
    } else {
      TRY_ASSIGN(const nlohmann::json made, document(writing(fmt::format("/{}/comments", *issue), "POST", content), kWhat));
      own = unsigned_at(made, "id");
    }
    told = now;
    return {};
  }
};

PeerRegistry::PeerRegistry(RegistryOptions options, Authorization authorization, Web& web)
    : state_(new State{std::move(options), std::move(authorization), web, {}, -1, -1, -1, {}, {}}) {}
PeerRegistry::~PeerRegistry() = default;

Result<PeerRegistry::Round> PeerRegistry::round(const RegistryPeer* own, std::string_view self, double now) {
  State& state = *state_;
  Round out;
  TRY(state.find_issue(now));
  if (!state.issue && own)
    if (auto made = state.make_issue(); !made) out.untold = made.error();
  if (!state.issue) return out;
  TRY(state.read_all());
  const bool due = state.told < 0 || std::abs(now - state.told) >= state.options.interval;
  if (own && due) {
    if (auto told = state.tell(*own, now); told)
      out.told = true;
    else
      out.untold = told.error();
  }
  std::vector<const RegistryPeer*> newest;
  state.each([&](const Comment& one) {
    if (one.peer.peer_id != self && !state.over(one, now) && one.peer.seen - now < kRegistryAheadOfUs) newest.push_back(&one.peer);
  });
  std::stable_sort(newest.begin(), newest.end(), [](const RegistryPeer* a, const RegistryPeer* b) { return a->seen > b->seen; });
  for (const RegistryPeer* one : newest) {
    const bool known = std::any_of(out.others.begin(), out.others.end(), [&](const RegistryPeer& there) { return there.peer_id == one->peer_id; });
    if (!known && out.others.size() < state.options.most) out.others.push_back(*one);
  }
  return out;
}

Result<> PeerRegistry::leave(Web& web) {
  State& state = *state_;
  if (!state.own || state.told < 0) return {};
  HttpRequest request = state.in_repository(fmt::format("/comments/{}", *state.own));
  request.method = "DELETE";
  request.timeout = Millis(3'000);
  state.own.reset();
  TRY_ASSIGN(const HttpResponse response, web.ask(request));
  if ((response.status < 200 || response.status >= 300) && response.status != 404)
    return fail(registry_refusal(response, "this node cannot be taken out of the registry of peers"));
  return {};
}

void PeerRegistry::clean(double now) {
  State& state = *state_;
  if (state.refused_removal >= 0 && std::abs(now - state.refused_removal) < kRegistryLongOver) return;
  std::vector<std::uint64_t> going;
  state.each([&](const Comment& one) {
    if (now - one.peer.seen > state.options.life + kRegistryLongOver && one.id != state.own) going.push_back(one.id);
  });
  going.resize(std::min(going.size(), kRemovedAtOnce));
  for (const std::uint64_t id : going) {
    HttpRequest request = state.in_repository(fmt::format("/comments/{}", id));
    request.method = "DELETE";
    const auto gone = state.web.once(std::move(request));
    if (gone && ((gone->status >= 200 && gone->status < 300) || gone->status == 404)) continue;
    state.refused_removal = now;
    return;
  }
}

Result<bool> PeerRegistry::look() {
  TRY(state_->find_issue(0));
  return state_->issue.has_value();
}

}  // namespace rfs
