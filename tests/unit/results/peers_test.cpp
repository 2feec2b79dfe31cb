#include "backends/codeql/config.h"
#include "backends/codeql/writer.h"
#include "backends/results/peer_scans.h"
#include "base/encode.h"
#include "crypto/hash.h"
#include "tests/unit/results/rig.h"

using namespace rfs;
using namespace rfs::results;
using namespace rfs::test;

namespace {

Digest pseudonym(BytesView canonical) { return sha256(canonical); }

std::string name_of_python(const ResultName& name) {
  return canonical_scan_name(name.repository, name.commit, name.config, name.language);
}

// A manifest that says of which scan it is.
codeql::Manifest full_manifest(const ResultName& name) {
  codeql::Manifest out;
  out.mode = codeql::Mode::kTree;
  out.inputs = {{"config", name.config}, {"language", name.language}, {"tree", std::string(40, 'a')}};
  out.key = codeql::key_of(out.inputs);
  out.repository = name.repository;
  out.commit = name.commit;
  out.tree = std::string(40, 'a');
  return out;
}

struct PeersRig : ResultsRig {
  const ResultName name{"octo/hello", std::string(40, 'c'), "default", "python"};
  const SigningKey key = SigningKey::generate();
  PeerScans scans{results};

  ResultInfo keep(bool sign, const std::string& source = "local") {
    const std::string sarif = codeql_like(2);
    NewResult what;
    what.name = name;
    what.source = source;
    what.manifest = full_manifest(name);
    if (sign) codeql::sign_scan(*what.manifest, hex(sha256(view(sarif))), key, 5);
    auto incoming = results.begin().value();
    REQUIRE(incoming->append(view(sarif)));
    return incoming->commit(std::move(what), false).value();
  }
  std::optional<GivenScan> find(const std::string& canonical) { return scans.find(pseudonym(view(canonical)), pseudonym); }
};

std::string hash_of_key(const codeql::Manifest& manifest) { return hex(sha256(view(manifest.key))); }

}  // namespace

TEST_CASE("a result is given by its name and by its key, with the word of a writer") {
  PeersRig rig;
  const codeql::Manifest manifest = full_manifest(rig.name);
  CHECK_FALSE(rig.find(name_of_python(rig.name)));
  rig.keep(false);
  const auto plain = rig.find(name_of_python(rig.name));
  REQUIRE(plain);
  CHECK(plain->attestation.empty());
  rig.keep(true);
  for (const std::string& canonical : {name_of_python({"Octo/Hello", rig.name.commit, "default", "python"}), canonical_scan_key(hash_of_key(manifest))}) {
    const auto given = rig.find(canonical);
    REQUIRE(given);
    CHECK(read_all(*given->sarif->body).value() == codeql_like(2));
    const auto word = codeql::parse_manifest(text(given->attestation));
    REQUIRE(word);
    const std::vector<Ed25519Public> trusted{rig.key.public_key()};
    CHECK(codeql::is_signed_by(*word, hex(sha256(view(codeql_like(2)))), trusted));
  }
  CHECK_FALSE(rig.find(canonical_scan_key(std::string(64, '0'))));
}

TEST_CASE("what a peer gave is not passed on") {
  PeersRig rig;
  rig.keep(true, "peer");
  CHECK_FALSE(rig.find(name_of_python(rig.name)));
}

TEST_CASE("what a member sent is kept as nobody's ground for a skip") {
  PeersRig rig;
  PeerScan scan{codeql_like(2), {}, "peer-1"};
  REQUIRE(rig.scans.take(rig.name, scan));
  auto info = rig.results.find(rig.name).value();
  REQUIRE(info);
  CHECK(info->trust == "fork");
  CHECK(info->source == "peer");
  CHECK(info->peer == "peer-1");
  CHECK(info->key.empty());
  CHECK_FALSE(info->not_reusable.empty());
  CHECK(rig.world.counters.get(Counter::kScansCached) == 0);

  codeql::Manifest manifest = full_manifest(rig.name);
  codeql::sign_scan(manifest, hex(sha256(view(scan.sarif))), rig.key, 5);
  const std::string json = codeql::manifest_json(manifest);
  scan.attestation.assign(json.begin(), json.end());
  REQUIRE(rig.scans.take(rig.name, scan));
  info = rig.results.find(rig.name).value();
  CHECK(info->key == manifest.key);
  CHECK(info->trust == "fork");

  // One of another name is not that of this one.
  ResultName other = rig.name;
  other.language = "go";
  REQUIRE(rig.scans.take(other, scan));
  CHECK(rig.results.find(other).value()->key.empty());
}

TEST_CASE("by a key only what a writer signed for that key is taken") {
  PeersRig rig;
  codeql::Manifest manifest = full_manifest(rig.name);
  PeerScan scan{codeql_like(2), {}, "peer-1"};
  const std::vector<Ed25519Public> trusted{rig.key.public_key()};
  const SigningKey stranger = SigningKey::generate();
  const auto take = [&](const SigningKey* key, const std::string& hash) {
    manifest.signature.reset();
    if (key) codeql::sign_scan(manifest, hex(sha256(view(scan.sarif))), *key, 5);
    const std::string json = codeql::manifest_json(manifest);
    scan.attestation.assign(json.begin(), json.end());
    return rig.scans.take_by_key(hash, scan, trusted).has_value();
  };
  CHECK_FALSE(rig.scans.take_by_key(hash_of_key(manifest), scan, trusted));
  CHECK_FALSE(take(nullptr, hash_of_key(manifest)));
  CHECK_FALSE(take(&stranger, hash_of_key(manifest)));
  CHECK_FALSE(take(&rig.key, std::string(64, '0')));
  REQUIRE(take(&rig.key, hash_of_key(manifest)));
  CHECK(rig.results.find(rig.name).value()->key == manifest.key);
  // The signature is of another SARIF.
  scan.sarif = codeql_like(3);
  CHECK_FALSE(rig.scans.take_by_key(hash_of_key(manifest), scan, trusted));

  for (const char* repository : {"octo", "../..", "octo/hello/x", "octo/he\nllo", ""}) {
    manifest.repository = repository;
    CHECK_FALSE(take(&rig.key, hash_of_key(manifest)));
  }
  manifest = full_manifest(rig.name);
  manifest.inputs.erase("language");
  manifest.key = codeql::key_of(manifest.inputs);
  CHECK_FALSE(take(&rig.key, hash_of_key(manifest)));
  CHECK(rig.results.all().value()->size() == 1);
}

TEST_CASE("bytes that are no SARIF are refused, whoever sent them") {
  PeersRig rig;
  for (const char* wrong : {"", "nonsense", "{}", R"({"version": "2.1.0", "runs": [)"}) CHECK_FALSE(rig.scans.take(rig.name, {wrong, {}, "peer-1"}));
  CHECK_FALSE(rig.results.find(rig.name).value());
}
