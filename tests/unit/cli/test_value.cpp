#include "cli/value.h"

#include "tests/catch.h"

using namespace rfs;

TEST_CASE("sizes carry a unit of powers of 1024, and nothing else is a size") {
  CHECK(parse_size("65536") == 65536u);
  CHECK(parse_size("64K") == 65536u);
  CHECK(parse_size(" 64 kib ") == 65536u);
  CHECK(parse_size("1.5M") == 1572864u);
  CHECK(parse_size("2G") == 2147483648u);
  for (const char* wrong : {"", "K", "-1", "1X", "1e3", "0x10", "1 2", "99999999999G"}) CHECK_FALSE(parse_size(wrong));
}

TEST_CASE("what is written as a size is read back as it") {
  for (const std::uint64_t bytes : {0ull, 1ull, 1024ull, 1025ull, 5ull << 20, 2ull << 30, 3ull << 40})
    CHECK(parse_size(size_text(bytes)) == bytes);
}

TEST_CASE("whole numbers are digits alone") {
  CHECK(parse_whole("0") == 0u);
  CHECK(parse_whole("18446744073709551615") == UINT64_MAX);
  for (const char* wrong : {"", "-1", "+1", "1.0", "0x1", "18446744073709551616", "1 1"})
    CHECK_FALSE(parse_whole(wrong));
}

TEST_CASE("switches are words for yes and no in any case") {
  for (const char* yes : {"true", "YES", "on", "1"}) CHECK(parse_bool(yes) == true);
  for (const char* no : {"false", "No", "OFF", "0"}) CHECK(parse_bool(no) == false);
  for (const char* wrong : {"", "maybe", "2", "tru"}) CHECK_FALSE(parse_bool(wrong).has_value());
}

TEST_CASE("lists drop blanks and empty parts") {
  CHECK(split_list(" a, b,,c ,") == std::vector<std::string>{"a", "b", "c"});
  CHECK(split_list("").empty());
  CHECK(trimmed(" \t x y\r\n") == "x y");
}
