#include "backends/peers/offers.h"

#include "backends/github/request.h"
#include "crypto/kdf.h"
#include "tests/catch.h"
#include "tests/unit/cache/fakes.h"

using namespace rfs;

namespace {

struct OffersRig {
  OffersRig() : memory(MemoryOptions{}, counters), offers(memory, &disk, routes, [](BytesView text) { return hmac_sha256(view("k"), text); }) {}
  std::shared_ptr<Entry> had(const std::string& path, const std::string& body, const std::string& partition = "p1") {
    ApiRequest request;
    request.path = path;
    request.accept = "application/vnd.github+json";
    request.display = path.substr(1) + ".json";
    auto entry = test::entry_of(entry_key("api.github.com", request, partition), body, 1000, 60);
    CHECK(disk.put(entry));
    return entry;
  }
  static Digest id(const Entry& entry) { return hmac_sha256(view("k"), view(entry.key.canonical)); }

  Counters counters;
  MemoryTier memory;
  test::FakeDisk disk;
  Routes routes;
  Offers offers;
};

}  // namespace

TEST_CASE("what was learned is found by its pseudonym and by its bytes") {
  OffersRig rig;
  const auto entry = rig.had("/repos/o/r", "{\"a\":1}");
  CHECK_FALSE(rig.offers.find(OffersRig::id(*entry)));
  rig.offers.learned(*entry);
  REQUIRE(rig.offers.find(OffersRig::id(*entry)));
  CHECK(rig.offers.find(OffersRig::id(*entry))->sha256 == entry->sha256);
  REQUIRE(rig.offers.find_body(entry->sha256));
  CHECK_FALSE(rig.offers.find_body(Digest{}));
  CHECK_FALSE(rig.offers.find(Digest{}));
}

TEST_CASE("what is gone, was not had from GitHub, is denied or carries a credential is a miss") {
  OffersRig rig;
  const auto gone = rig.had("/repos/o/gone", "{}");
  rig.offers.learned(*gone);
  CHECK(rig.disk.remove(gone->key));
  CHECK_FALSE(rig.offers.find(OffersRig::id(*gone)));

  const auto hearsay = rig.had("/repos/o/hearsay", "{}");
  hearsay->meta.source = Source::kPeer;
  rig.offers.learned(*hearsay);
  CHECK_FALSE(rig.offers.find(OffersRig::id(*hearsay)));

  const auto denied = rig.had("/repos/o/r/actions/secrets", "{}");
  rig.offers.learned(*denied);
  CHECK_FALSE(rig.offers.find(OffersRig::id(*denied)));

  const auto credential = rig.had("/repos/o/credential", R"({"temp_clone_token":"ABC"})");
  rig.offers.learned(*credential);
  CHECK_FALSE(rig.offers.find(OffersRig::id(*credential)));
  CHECK_FALSE(rig.offers.find_body(credential->sha256));

  const auto shared = rig.had("/repos/o/shared", "{}", "");  // nobody's: not vouched for
  rig.offers.learned(*shared);
  CHECK_FALSE(rig.offers.find(OffersRig::id(*shared)));
}

TEST_CASE("what became hearsay after it was learned is a miss") {
  OffersRig rig;
  const auto entry = rig.had("/repos/o/r", "{}");
  rig.offers.learned(*entry);
  auto later = std::make_shared<Entry>(*entry);
  later->meta.source = Source::kPeer;
  CHECK(rig.disk.put(later));
  CHECK_FALSE(rig.offers.find(OffersRig::id(*entry)));
}

TEST_CASE("a store that was there before is offered") {
  OffersRig rig;
  const auto entry = rig.had("/repos/o/r", "{}");
  rig.offers.load();
  CHECK(rig.offers.find(OffersRig::id(*entry)));
  CHECK(rig.offers.fresh(10).empty());
  rig.offers.learned(*entry);
  CHECK(rig.offers.fresh(10).size() == 1);
  CHECK(rig.offers.fresh(10).empty());
}
