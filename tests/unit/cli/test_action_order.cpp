#include "cli/action_order.h"

#include "tests/catch.h"

using namespace rfs;

TEST_CASE("an order is read as it was written") {
  DaemonOrder order;
  order.environment = {{"GITHUB_REPOSITORY", "octo/hello"}, {"X", "a=b\nc"}, {"EMPTY", ""}};
  order.settings = {{find_option("cache.max_size"), {"7"}, "input cache-size"}, {find_option("api.allow"), {"/a", "/b"}, "input config, line 2"}};
  order.directory = "/w";
  order.mountpoint = "/m";
  order.socket = "/s";
  order.runner = 4711;
  order.token.bytes = SecretBytes::copy_of("ghs_token");
  order.token.network = SecretBytes::copy_of("a fleet secret");
  order.token.runtime = SecretBytes::copy_of("a runtime token");
  const auto read = parse_order(order_text(order));
  REQUIRE(read);
  CHECK(read->environment == order.environment);
  REQUIRE(read->settings.size() == 2);
  CHECK(read->settings[0].option == find_option("cache.max_size"));
  CHECK(read->settings[1].texts == std::vector<std::string>{"/a", "/b"});
  CHECK(read->settings[1].origin == "input config, line 2");
  CHECK(read->mountpoint == "/m");
  CHECK(read->runner == 4711);
  CHECK(read->token.network.reveal_text() == "a fleet secret");
  CHECK(read->token.runtime.reveal_text() == "a runtime token");
  CHECK(read->token.bytes.reveal_text() == "ghs_token");
}

TEST_CASE("what is no order is refused") {
  for (const std::string_view text : {std::string_view("m/m"), std::string_view("zz\0", 3), std::string_view("sno.option\nx\ny\0k/s\0", 20), std::string_view("\0", 1)})
    CHECK(!parse_order(SecretBytes::copy_of(text)));
  CHECK(!parse_order(SecretBytes()));
}
