#include "backends/codeql/writer.h"

#include "base/encode.h"
#include "crypto/hash.h"
#include "tests/catch.h"

using namespace rfs;
using namespace rfs::codeql;

namespace {

Manifest manifest_of_a_scan() {
  Manifest out;
  out.mode = Mode::kTree;
  out.inputs = {{"language", "python"}, {"tree", std::string(40, 'a')}};
  out.key = key_of(out.inputs);
  out.repository = "octo/hello";
  out.commit = std::string(40, 'c');
  out.tree = std::string(40, 'a');
  out.blobs = {{"app.py", std::string(40, 'b')}};
  return out;
}

const std::string kDigest(64, 'd');

}  // namespace

TEST_CASE("a writer's word holds for one manifest and one SARIF") {
  const SigningKey key = SigningKey::generate(), other = SigningKey::generate();
  const std::vector<Ed25519Public> trusted{other.public_key(), key.public_key()}, strangers{other.public_key()};
  Manifest manifest = manifest_of_a_scan();
  CHECK_FALSE(is_signed_by(manifest, kDigest, trusted));
  sign_scan(manifest, kDigest, key, 1'700'000'000.25);
  CHECK(manifest.signature->at == 1'700'000'000'250);
  CHECK(is_signed_by(manifest, kDigest, trusted));
  CHECK_FALSE(is_signed_by(manifest, kDigest, strangers));
  CHECK_FALSE(is_signed_by(manifest, kDigest, {}));
  CHECK_FALSE(is_signed_by(manifest, std::string(64, 'e'), trusted));
  CHECK_FALSE(is_signed_by(manifest, "", trusted));

  // The class is of the store's making, and not signed.
  manifest.trust = "fork";
  CHECK(is_signed_by(manifest, kDigest, trusted));
  const auto changed = [&](auto change) {
    Manifest copy = manifest;
    change(copy);
    return is_signed_by(copy, kDigest, trusted);
  };
  CHECK_FALSE(changed([](Manifest& m) { m.commit[0] = 'd'; }));
  CHECK_FALSE(changed([](Manifest& m) { m.inputs["language"] = "go"; }));
  CHECK_FALSE(changed([](Manifest& m) { m.key[0] = m.key[0] == '0' ? '1' : '0'; }));
  CHECK_FALSE(changed([](Manifest& m) { m.blobs["app.py"][0] = 'c'; }));
  CHECK_FALSE(changed([](Manifest& m) { m.floating.push_back("x"); }));
  CHECK_FALSE(changed([](Manifest& m) { m.not_reusable = "x"; }));
  CHECK_FALSE(changed([](Manifest& m) { m.signature->at++; }));
  CHECK_FALSE(changed([](Manifest& m) { m.signature->value[5] ^= 1; }));
  CHECK_FALSE(changed([&](Manifest& m) { m.signature->writer = writer_text(other.public_key()); }));
  CHECK_FALSE(changed([](Manifest& m) { m.signature->value.clear(); }));
  CHECK_FALSE(changed([](Manifest& m) { m.signature->writer = "nonsense"; }));
}

TEST_CASE("a manifest carries its signature as text") {
  const SigningKey key = SigningKey::generate();
  const std::vector<Ed25519Public> trusted{key.public_key()};
  Manifest manifest = manifest_of_a_scan();
  const std::string plain = manifest_json(manifest);
  CHECK(plain.find("signature") == std::string::npos);
  sign_scan(manifest, kDigest, key, 5);
  const auto again = parse_manifest(manifest_json(manifest));
  REQUIRE(again);
  CHECK(is_signed_by(*again, kDigest, trusted));
  for (const char* wrong : {"1", "[]", "{}", R"({"at": "x"})", R"({"at": 1.5})"}) {
    std::string json = plain;
    json.insert(json.size() - 1, std::string(", \"signature\": ") + wrong);
    CHECK_FALSE(parse_manifest(json));
  }
}

TEST_CASE("a writer's signature, by its parts") {
  std::array<std::uint8_t, 32> seed{};
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(i);
  const SigningKey key = SigningKey::from_seed(seed);
  Manifest manifest = manifest_of_a_scan();
  sign_scan(manifest, kDigest, key, 5);
  // Built again from the words of writer.h.
  Bytes message;
  append(message, "runnerfs/codeql-writer/1");
  message.insert(message.end(), {0, 32});
  append(message, sha256(view(manifest_json(manifest_of_a_scan()))));
  message.insert(message.end(), {0, 32});
  append(message, *unhex(kDigest));
  message.insert(message.end(), {0, 0, 0, 0, 0, 0, 0x13, 0x88});
  CHECK(ed25519_verify(key.public_key(), message, *unbase64(manifest.signature->value)));
}

TEST_CASE("a public key of a writer as text") {
  const SigningKey key = SigningKey::generate();
  CHECK(parse_writer(" " + writer_text(key.public_key()) + "\n").value() == key.public_key());
  for (const char* wrong : {"", "x", "AAAA"}) CHECK_FALSE(parse_writer(wrong));
}
