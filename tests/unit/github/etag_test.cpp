#include "backends/github/etag.h"

#include "backends/github/freshness.h"
#include "tests/catch.h"

using namespace rfs;

// The expected tags were computed with sha256sum over the bytes that the formula names.
TEST_CASE("the tag is the hash of Accept, Authorization and body, each header with its colon", "[etag]") {
  const std::string accept = "application/vnd.github+json";
  const SecretBytes token = SecretBytes::copy_of("Bearer ghs_one");
  CHECK(etag_of(accept, token, "[]") == "\"c11fdaff39eea0c80a40d8c8e959f58a53a78f07600e3cb990d3a922af6e48ff\"");
  // A request without Authorization has no colon for it either.
  CHECK(etag_of(accept, SecretBytes(), "[]") == "\"74d1db57f0fec3481bb6b4d9bcdc020d656635ec6c53ee589d27a8831cbbe280\"");
  CHECK(etag_of(accept, token, "[] ") != etag_of(accept, token, "[]"));
}

namespace {
// Bytes that are not in memory, as a sealed file's are not.
class OnDisk final : public Body {
 public:
  explicit OnDisk(std::string bytes, bool broken = false) : bytes_(std::move(bytes)), broken_(broken) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) const override {
    if (broken_ && offset > 0) return fail(Code::kTampered, "damaged");
    const std::size_t n = std::min<std::size_t>(out.size(), bytes_.size() - offset);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), n, out.begin());
    return n;
  }
  std::size_t memory() const override { return 0; }

 private:
  const std::string bytes_;
  const bool broken_;
};
}  // namespace

TEST_CASE("a body on disk gives the tag of its bytes, a damaged one none", "[etag]") {
  const std::string bytes(200'000, 'x');
  const SecretBytes token = SecretBytes::copy_of("Bearer t");
  CHECK(*etag_of("a", token, OnDisk(bytes)) == etag_of("a", token, bytes));
  CHECK(*etag_of("a", token, MemoryBody(bytes)) == etag_of("a", token, bytes));
  CHECK(*etag_of("a", token, MemoryBody("")) == etag_of("a", token, std::string_view()));
  CHECK(etag_of("a", token, OnDisk(bytes, true)).error().code == Code::kTampered);
}

TEST_CASE("tags compare weakly", "[etag]") {
  CHECK(same_tag("\"a\"", "W/\"a\""));
  CHECK(same_tag("W/\"a\"", "W/\"a\""));
  CHECK_FALSE(same_tag("\"a\"", "\"b\""));
  CHECK_FALSE(same_tag("", ""));
  CHECK_FALSE(same_tag("a", "a"));
  CHECK_FALSE(same_tag("\"", "\""));
}

TEST_CASE("only 64 hexadecimal digits are a tag of the formula", "[etag]") {
  CHECK(is_hash_tag('"' + std::string(64, 'a') + '"'));
  CHECK(is_hash_tag("W/\"" + std::string(64, '0') + '"'));
  CHECK_FALSE(is_hash_tag('"' + std::string(40, 'a') + '"'));
  CHECK_FALSE(is_hash_tag('"' + std::string(64, 'g') + '"'));
  CHECK_FALSE(is_hash_tag(std::string(66, 'a')));
  CHECK(is_hash_tag(random_tag()));
  CHECK(random_tag() != random_tag());
}

TEST_CASE("freshness is the operation's TTL, else max-age up to a minute, else none", "[freshness]") {
  Route route;
  ApiRequest request{"/user", "", "application/vnd.github+json", "user.json"};
  HeaderList minute, hour, none, store;
  minute.set("cache-control", "private, max-age=30");
  hour.set("cache-control", "max-age=3600");
  store.set("cache-control", "no-store, max-age=60");
  CHECK(lifetime_of(&route, route.ttl, request, minute, 100).expires_at == 130);
  CHECK(lifetime_of(&route, route.ttl, request, hour, 100).expires_at == 160);
  CHECK(lifetime_of(&route, route.ttl, request, none, 100).expires_at == 100);
  CHECK(lifetime_of(&route, route.ttl, request, store, 100).expires_at == 100);
  CHECK(lifetime_of(nullptr, -1, request, minute, 100).expires_at == 130);
  route.ttl = 300;
  CHECK(lifetime_of(&route, route.ttl, request, none, 100).expires_at == 400);
  CHECK(lifetime_of(&route, route.ttl, request, store, 100).expires_at == 100);
  route.ttl = 0;
  CHECK(lifetime_of(&route, route.ttl, request, minute, 100).expires_at == 100);
}

TEST_CASE("X-Poll-Interval is a lower bound", "[freshness]") {
  Route route;
  route.ttl = 10;
  ApiRequest request{"/events", "", "application/vnd.github+json", "events.json"};
  HeaderList headers;
  headers.set("x-poll-interval", "60");
  CHECK(lifetime_of(&route, route.ttl, request, headers, 0).expires_at == 60);
  headers.set("x-poll-interval", "5");
  CHECK(lifetime_of(&route, route.ttl, request, headers, 0).expires_at == 10);
  headers.set("x-poll-interval", "999999");
  CHECK(lifetime_of(&route, route.ttl, request, headers, 0).expires_at == 3600);
}

TEST_CASE("what is named by a full SHA does not change", "[freshness]") {
  const Routes routes;
  const std::string sha(40, 'a');
  for (const auto& [path, immutable] : {std::pair<std::string, bool>{"/repos/o/r/git/commits/" + sha, true},
                                        {"/repos/o/r/git/trees/" + sha, true},
                                        {"/repos/o/r/commits/main", false},
                                        {"/repos/o/" + sha, false}}) {
    ApiRequest request{path, "", "application/vnd.github+json", path.substr(1) + ".json"};
    CAPTURE(path);
    const Lifetime life = lifetime_of(routes.find(path), routes.find(path)->ttl, request, HeaderList(), 0);
    CHECK(life.immutable == immutable);
    CHECK((life.expires_at > 365 * 86400.0) == immutable);
  }
}
