#include "backends/actions/travel.h"

#include "backends/github/request.h"
#include "crypto/hash.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

constexpr double kTravelNow = 1'700'000'000;
const Routes& routes() {
  static const Routes routes;
  return routes;
}

Entry answer(const std::string& path, std::string body = "{}", const std::string& partition = "mine") {
  ApiRequest request;
  request.path = path;
  request.accept = "application/vnd.github+json";
  request.display = path.substr(1) + ".json";
  Entry entry;
  entry.key = entry_key("api.github.com", request, partition);
  entry.meta.shareable = true;
  entry.meta.etag = "\"tag\"";
  entry.meta.validated_at = entry.meta.fetched_at = kTravelNow - 5;
  entry.meta.expires_at = kTravelNow + 60;
  entry.meta.immutable = true;
  entry.sha256 = sha256(view(body));
  entry.body = std::make_shared<MemoryBody>(std::move(body));
  return entry;
}

TravelRules rules(bool sealed) {
  TravelRules out;
  out.repository = "Octo/Hello";
  out.repository_id = "1001";
  out.partition = "mine";
  out.sealed = sealed;
  out.now = kTravelNow;
  return out;
}

bool carries(const std::string& body) { return carries_token(MemoryBody(body)); }

}  // namespace

TEST_CASE("what may leave: this repository's, and what this credential was given") {
  const Travel travel(rules(true), routes());
  CHECK(travel.may_leave(answer("/repos/octo/hello/actions/runs", "{}", "other")));
  CHECK(travel.may_leave(answer("/repositories/1001/issues", "{}", "other")));
  CHECK(travel.may_leave(answer("/repos/octo/other")));
  CHECK_FALSE(travel.may_leave(answer("/repos/octo/other", "{}", "other")));
  CHECK_FALSE(travel.may_leave(answer("/repositories/1002/issues", "{}", "other")));
  CHECK_FALSE(travel.may_leave(answer("/user")));
  CHECK_FALSE(travel.may_leave(answer("/repos/octo/hello/actions/secrets")));
  CHECK_FALSE(travel.may_leave(answer("/rate_limit")));
  Entry entry = answer("/repos/octo/hello");
  entry.meta.shareable = false;
  CHECK_FALSE(travel.may_leave(entry));
  entry = answer("/repos/octo/hello");
  entry.meta.status = 404;
  CHECK_FALSE(travel.may_leave(entry));
  entry = answer("/repos/octo/hello");
  entry.meta.validated_at -= 8 * 86400;
  CHECK_FALSE(travel.may_leave(entry));
}

TEST_CASE("results of scans leave under a secret alone, this repository's and manifests") {
  Entry scan = answer("/repos/octo/hello");
  scan.key.space = Space::kCodeql;
  scan.key.cls = "default";
  scan.key.canonical = "octo/hello\n" + std::string(40, 'a') + "\ndefault\npython";
  Entry other = scan, manifest = scan;
  other.key.canonical = "octo/hello2\n" + std::string(40, 'a') + "\ndefault\npython";
  manifest.key.canonical = "manifest\n" + std::string(64, 'b');
  const Travel sealed(rules(true), routes()), open(rules(false), routes());
  CHECK(sealed.may_leave(scan));
  CHECK(sealed.may_leave(manifest));
  CHECK_FALSE(sealed.may_leave(other));
  for (const Entry* entry : {&scan, &manifest, &other}) CHECK_FALSE(open.may_leave(*entry));
  TravelRules unknown = rules(true);
  unknown.repository.clear();
  CHECK_FALSE(Travel(unknown, routes()).may_leave(scan));
  unknown.chosen = true;  // as a daemon hands on what is its own
  CHECK(Travel(unknown, routes()).may_leave(scan));
  TravelRules small = rules(true);
  small.body_most = 1;
  CHECK_FALSE(Travel(small, routes()).may_leave(scan));
  // No way but a taker of its own leads into a store.
  CHECK(arrived(scan, true, kTravelNow) == nullptr);
}

TEST_CASE("without a secret only what is known to be public leaves; the newest word counts") {
  Travel travel(rules(false), routes());
  const Entry runs = answer("/repos/octo/hello/actions/runs");
  CHECK(travel.visibility_unknown());
  CHECK_FALSE(travel.may_leave(runs));
  travel.learn(answer("/repos/octo/hello", R"({"id": 1001, "private": false})"));
  CHECK(travel.may_leave(runs));
  CHECK(travel.may_leave(answer("/repositories/1001/issues")));
  Entry later = answer("/repos/octo/hello", R"({"id": 1001, "private": true})");
  later.meta.validated_at = kTravelNow - 1;
  travel.learn(later);
  CHECK_FALSE(travel.may_leave(runs));
  travel.learn(answer("/repos/octo/hello/issues/1", R"({"private": false})"));
  CHECK_FALSE(travel.may_leave(runs));

  Travel told(rules(false), routes());
  told.know_public("octo/Hello", "1001");
  CHECK(told.may_leave(runs));
  CHECK_FALSE(told.may_leave(answer("/repos/octo/other")));

  TravelRules nobody = rules(false);
  nobody.anonymous = true;
  CHECK(Travel(nobody, routes()).may_leave(answer("/repos/octo/other")));
  CHECK_FALSE(Travel(nobody, routes()).may_leave(answer("/repos/octo/hello", "{}", "other")));
}

TEST_CASE("bodies that hold a token") {
  CHECK(carries(R"({"temp_clone_token": "ABC"})"));
  CHECK(carries("{\"temp_clone_token\" :\n\t\"ABC\"}"));
  CHECK_FALSE(carries(R"({"temp_clone_token": ""})"));
  CHECK_FALSE(carries(R"({"temp_clone_token": null})"));
  CHECK(carries(R"({"download_url": "https://raw.example/x?token=AAB"})"));
  CHECK(carries("{\"u\": \"https://raw.example/x?a=b\\u0026token=AAB\"}"));
  CHECK_FALSE(carries(R"({"url": "https://x/?page_token=", "text": "tokens"})"));
  CHECK(carries("ghs_01234567890123456789"));
  CHECK(carries("x github_pat_01234567890123456789_abc"));
  CHECK_FALSE(carries("ghs_short"));
  CHECK_FALSE(carries("aghs_01234567890123456789"));

  class Slow final : public Body {  // as one on disk: pieces, with the token over the border of two
   public:
    explicit Slow(std::string bytes) : bytes_(std::move(bytes)) {}
    std::uint64_t size() const override { return bytes_.size(); }
    Result<std::size_t> read_at(std::uint64_t at, MutableBytes out) const override { return bytes_.read_at(at, out); }
    std::size_t memory() const override { return 0; }

   private:
    MemoryBody bytes_;
  };
  CHECK(carries_token(Slow(std::string(65'530, ' ') + "ghs_01234567890123456789" + std::string(70'000, ' '))));
  CHECK_FALSE(carries_token(Slow(std::string(200'000, 'g'))));
}

TEST_CASE("what arrives is expired, and has no validator but its bytes") {
  const auto entry = arrived(answer("/repos/octo/hello"), true, kTravelNow);
  REQUIRE(entry);
  CHECK(entry->key.partition.empty());
  CHECK(entry->meta.etag.empty());
  CHECK(entry->meta.expires_at == 0);
  CHECK(entry->meta.validated_at == kTravelNow - 5);
  CHECK_FALSE(entry->meta.immutable);
  CHECK(arrived(answer("/repos/octo/hello"), false, kTravelNow));
  Entry broken = answer("/repos/octo/hello");
  broken.key.canonical = "nothing of the form";
  CHECK_FALSE(arrived(broken, true, kTravelNow));

  Entry document;
  document.key = {Space::kCache, "", "", "list_repos:octo/x", "elsewhere", "a lie"};
  document.meta.fetched_at = kTravelNow - 1;
  document.meta.expires_at = kTravelNow + 60;
  document.body = std::make_shared<MemoryBody>("[1]");
  const auto kept = arrived(document, true, kTravelNow);
  REQUIRE(kept);
  CHECK(kept->key.name == "list_repos:octo%2Fx");
  CHECK(kept->key.directory.empty());
  CHECK(kept->meta.expires_at == kTravelNow + 60);
  CHECK_FALSE(arrived(document, false, kTravelNow));
  CHECK_FALSE(arrived(document, true, kTravelNow + 61));
  document.meta.fetched_at = kTravelNow + 301;
  document.meta.expires_at = kTravelNow + 400;
  CHECK_FALSE(arrived(document, true, kTravelNow));
  document.meta.fetched_at = kTravelNow;
  document.body = std::make_shared<MemoryBody>("not JSON");
  CHECK_FALSE(arrived(document, true, kTravelNow));
}
