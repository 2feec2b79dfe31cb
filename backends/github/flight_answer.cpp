// The second half of a flight: what becomes of a 304 and of content. Everything that touches a body is on the pool.
#include "backends/github/document.h"
#include "backends/github/etag.h"
#include "backends/github/flight.h"
#include "backends/github/freshness.h"
#include "backends/http/links.h"
#include "base/json.h"
#include "crypto/hash.h"

namespace rfs {

namespace {

std::uint64_t per_page(std::string_view query) {
  constexpr std::string_view kName = "per_page=";
  for (std::size_t at = 0; at < query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    const std::string_view parameter = query.substr(at, end - at);
    if (parameter.starts_with(kName))
      return static_cast<std::uint64_t>(parse_count(parameter.substr(kName.size())).value_or(30));
    at = end + 1;
  }
  return 30;  // GitHub's default
}

}  // namespace

void Flight::unchanged(HttpResponse response) {
  if (question_ == Question::kPlain || !redirects_.at_home())
    return fail_with({Code::kBroken, parts_.who + " answered 304 to a request without a condition",
                      "something between here and the server answers for it", -1},
                     &response);
  // A tag that is not the one we sent belongs to other bytes than ours.
  if (const auto tag = response.headers.get("etag"); !tag.empty() && !tag_.empty() && !same_tag(tag, tag_))
    return ask_again_plainly();
  parts_.pool.submit([self = shared_from_this(), kept = std::make_shared<HttpResponse>(std::move(response))] {
    self->confirm(*kept);
  });
}

// GitHub's 304 may come without Link, and the end of a list may move without a change of its last full page. What is
// asked again costs one request; a list that ends too early is wrong.
bool Flight::links_may_be_gone(const HttpResponse& response, const Entry& entry) const {
  if (response.headers.has("link") || !is_json(*ask_.request)) return false;
  const bool own = question_ == Question::kOwn;
  if (!own && !entry.meta.link.empty()) return true;  // where it leads was said to another credential, or by a peer
  if (own && !link_target(entry.meta.link, "next").empty()) return false;
  if (!route_ || !route_->list) return false;
  auto body = read_all(*entry.body);
  if (!body) return true;
  return list_length(*body, route_->list_field).value_or(0) >= per_page(ask_.request->query);
}

void Flight::confirm(const HttpResponse& response) {
  const EntryPtr known = held();
  if (links_may_be_gone(response, *known)) return ask_again_plainly();
  auto entry = std::make_shared<Entry>(*known);
  entry->key = entry_key(parts_.host, *ask_.request, identity_->partition);
  Meta& meta = entry->meta;
  if (response.headers.has("link")) meta.link = response.headers.all("link");
  if (question_ == Question::kProof) {
    meta.etag = response.headers.has("etag") ? std::string(response.headers.get("etag")) : tag_;
    meta.proof = Proof::kEtag;
    meta.shareable = true;
    if (!response.headers.has("link")) meta.link.clear();
  } else if (meta.etag.empty()) {
    meta.etag = response.headers.get("etag");
  }
  take_lifetime(meta, response);
  entry->found = Source::kOrigin;
  parts_.counters.add(question_ == Question::kProof ? Counter::kProven : Counter::kRevalidated);
  answer(std::move(entry), false, true);
}

void Flight::store(HttpResponse response) {
  const bool json = is_json(*ask_.request);
  if (response.status == 204) response.body.clear();
  if (response.status == 200 && json) {
    if (auto checked = check_json(response.body); !checked)
      return fail_with({Code::kBroken, parts_.who + " answered what is not JSON: " + checked.error().message,
                        "`.raw` and `.bin` take any bytes", checked.error().position},
                       &response);
  } else if (!response.end_known) {
    // A JSON document shows by itself that it is whole; other bytes do not.
    return fail_with(
        {Code::kBroken, "the answer of " + parts_.who + " does not say where it ends, so that it may be cut short",
         "try again", -1},
        &response);
  }
  auto entry = std::make_shared<Entry>();
  entry->key = entry_key(parts_.host, *ask_.request, identity_->partition);
  entry->sha256 = sha256(view(response.body));
  Meta& meta = entry->meta;
  meta.status = response.status;
  meta.accept = ask_.request->accept;
  meta.api_version = kApiVersion;
  // Validators of another host are not GitHub's to compare.
  if (redirects_.at_home()) {
    meta.etag = response.headers.get("etag");
    meta.last_modified = response.headers.get("last-modified");
    meta.link = response.headers.all("link");
    meta.shareable = is_hash_tag(meta.etag) &&
                     same_tag(meta.etag, etag_of(ask_.request->accept, identity_->authorization, response.body));
  }
  meta.proof = Proof::kOrigin;
  meta.source = Source::kOrigin;
  take_lifetime(meta, response);
  meta.fetched_at = meta.validated_at;
  const EntryPtr& before = ask_.own ? ask_.own : ask_.shared;
  const bool same = before && before->sha256 == entry->sha256 && before->body->size() == response.body.size();
  response.body.shrink_to_fit();  // it grew by doubling, and stays in memory
  entry->body = std::make_shared<MemoryBody>(std::move(response.body));
  const bool keep = !parse_cache_control(response.headers.all("cache-control")).no_store;
  answer(std::move(entry), !same, keep);
}

void Flight::take_lifetime(Meta& meta, const HttpResponse& response) const {
  meta.validated_at = parts_.clock.wall();
  const int ttl = route_ ? parts_.routes.ttl(*route_, ask_.request->path) : -1;
  const Lifetime life = lifetime_of(route_, ttl, *ask_.request, response.headers, meta.validated_at);
  meta.expires_at = life.expires_at;
  meta.immutable = life.immutable;
}

void Flight::answer(std::shared_ptr<Entry> entry, bool changed, bool keep) {
  auto done = std::move(done_);
  done(Answer{std::move(entry), changed, keep});
}

}  // namespace rfs
