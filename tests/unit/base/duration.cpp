#include "base/duration.h"

#include "tests/catch.h"

using namespace rfs;

TEST_CASE("a duration is seconds, or carries a unit") {
  CHECK(parse_duration("90") == 90);
  CHECK(parse_duration("0") == 0);
  CHECK(parse_duration("1.5") == 1.5);
  CHECK(parse_duration("500ms") == 0.5);
  CHECK(parse_duration("10s") == 10);
  CHECK(parse_duration("5m") == 300);
  CHECK(parse_duration("24h") == 86'400);
  CHECK(parse_duration("7d") == 604'800);
  CHECK(parse_duration(" 10s\n") == 10);
}

TEST_CASE("what is no duration is refused") {
  for (auto text : {"", " ", "s", "-1", "+1", "1e3", "inf", "nan", "0x10", "1 h", "1hh", "1w", ".", "1.2.3", "10S", "99999999999999"})
    CHECK_FALSE(parse_duration(text));
}

TEST_CASE("the text of a duration is read back as the same") {
  for (double seconds : {0.0, 0.5, 1.0, 86'400.0, 1e9}) CHECK(parse_duration(duration_text(seconds)) == seconds);
}
