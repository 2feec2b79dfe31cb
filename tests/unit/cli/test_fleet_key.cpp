#include "cli/fleet_key.h"

#include "base/encode.h"
#include "crypto/hash.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

std::string text_of_counting() {
  Bytes key;
  for (std::uint8_t i = 0; i < 32; ++i) key.push_back(i);
  return std::string(fleet_key_text(SecretBytes::copy_of(BytesView(key))).reveal_text());
}

}  // namespace

TEST_CASE("a fleet secret is rfs1- and 56 characters, the key and three check digits") {
  const std::string text = text_of_counting();
  CHECK(text.size() == 61);
  CHECK(text.starts_with("rfs1-aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dyp"));
  Bytes key;
  for (std::uint8_t i = 0; i < 32; ++i) key.push_back(i);
  Bytes checked(view("runnerfs/v1/fleet").begin(), view("runnerfs/v1/fleet").end());
  append(checked, BytesView(key));
  const auto whole = unbase32(text.substr(5));
  REQUIRE(whole);
  CHECK(std::equal(whole->begin() + 32, whole->end(), sha256(checked).begin()));
}

TEST_CASE("it is read back, with blanks around it") {
  const SecretBytes key = SecretBytes::random(32);
  const SecretBytes text = fleet_key_text(key);
  const auto again = parse_fleet_key(" " + std::string(text.reveal_text()) + "\n");
  REQUIRE(again);
  CHECK(again->equals(key.reveal()));
}

TEST_CASE("every mistyped character is noticed") {
  const std::string text = text_of_counting();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string wrong = text;
    wrong[i] = wrong[i] == 'b' ? 'c' : 'b';
    const auto parsed = parse_fleet_key(wrong);
    INFO(wrong);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Code::kInvalid);
    // What was typed is nearly the secret.
    CHECK(parsed.error().message.find(wrong.substr(5, 10)) == std::string::npos);
  }
  for (const std::string& wrong :
       {std::string(), std::string("rfs1-"), text.substr(0, 60), text + "a", "rfs2-" + text.substr(5), text.substr(5)})
    CHECK_FALSE(parse_fleet_key(wrong));
}
