#include "base/encode.h"

#include "tests/catch.h"

using namespace rfs;

namespace {
std::string decoded(const std::optional<Bytes>& bytes) { return bytes ? std::string(text(*bytes)) : "(refused)"; }
}  // namespace

TEST_CASE("hex is lower case and read in either case") {
  Bytes bytes{0x00, 0x7f, 0xab, 0xff};
  CHECK(hex(bytes) == "007fabff");
  CHECK(unhex("007FabFF") == bytes);
  CHECK(unhex("") == Bytes{});
  CHECK_FALSE(unhex("0"));
  CHECK_FALSE(unhex("0g"));
  CHECK_FALSE(unhex("0x"));
}

TEST_CASE("base64 agrees with RFC 4648") {
  const std::pair<const char*, const char*> kVectors[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (auto [plain, encoded] : kVectors) {
    CHECK(base64(view(plain)) == encoded);
    CHECK(decoded(unbase64(encoded)) == plain);
  }
}

TEST_CASE("base64 refuses what no encoder makes") {
  for (const char* bad : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm-v", " Zm9v"}) {
    CAPTURE(bad);
    CHECK_FALSE(unbase64(bad));
  }
}

TEST_CASE("base64url has no padding and reads it") {
  Bytes bytes{0xfb, 0xff, 0xfe, 0x01};
  CHECK(base64url(bytes) == "-__-AQ");
  CHECK(unbase64url("-__-AQ") == bytes);
  CHECK(unbase64url("-__-AQ==") == bytes);
  CHECK_FALSE(unbase64url("-__-AQ="));
  CHECK_FALSE(unbase64url("+//+AQ"));
  CHECK_FALSE(unbase64url("-__-AR"));
}

TEST_CASE("base32 agrees with RFC 4648 without padding") {
  const std::pair<const char*, const char*> kVectors[] = {{"", ""},
                                                          {"f", "my"},
                                                          {"fo", "mzxq"},
                                                          {"foo", "mzxw6"},
                                                          {"foob", "mzxw6yq"},
                                                          {"fooba", "mzxw6ytb"},
                                                          {"foobar", "mzxw6ytboi"}};
  for (auto [plain, encoded] : kVectors) {
    CHECK(base32_lower(view(plain)) == encoded);
    CHECK(decoded(unbase32(encoded)) == plain);
  }
  CHECK(decoded(unbase32("MZXW6YQ")) == "foob");
  for (const char* bad : {"m", "mzx", "mzxw6y", "mz", "m1", "my======"}) {
    CAPTURE(bad);
    CHECK_FALSE(unbase32(bad));
  }
}

TEST_CASE("percent encoding keeps the unreserved set and what is asked") {
  CHECK(percent_encode("a b/c~d-e_f.g%\xC3\xA9") == "a%20b%2Fc~d-e_f.g%25%C3%A9");
  CHECK(percent_encode("a/b:c", "/") == "a/b%3Ac");
  CHECK(percent_encode(std::string_view("\0\x7f", 2)) == "%00%7F");
}

TEST_CASE("percent decoding refuses a % without two digits") {
  CHECK(percent_decode("a%20b%2fc") == "a b/c");
  CHECK(percent_decode("100") == "100");
  CHECK(percent_decode("a+b") == "a+b");
  CHECK_FALSE(percent_decode("%"));
  CHECK_FALSE(percent_decode("a%2"));
  CHECK_FALSE(percent_decode("%zz"));
}
