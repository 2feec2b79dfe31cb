#include "cli/option_table.h"

#include <set>

#include "tests/catch.h"
#include "tests/unit/cli/scratch.h"

using namespace rfs;

TEST_CASE("every option has four spellings that are its own, and a line of help") {
  std::set<std::string> flags, variables;
  for (const Option& option : option_table()) {
    INFO(option.key);
    CHECK(flags.insert(flag_of(option)).second);
    CHECK(variables.insert(variable_of(option)).second);
    CHECK(find_option(mount_name_of(option)) == &option);
    CHECK(find_option(flag_of(option).substr(2)) == &option);
    CHECK(find_option_by_key(option.key) == &option);
    CHECK(std::string_view(option.help).size() > 5);
    CHECK((option.kind == ValueKind::kBool) == std::string_view(option.argument).empty());
  }
  CHECK(flag_of(*find_option_by_key("api.max_pages")) == "--api-max-pages");
  CHECK(variable_of(*find_option_by_key("api.max_pages")) == "RUNNERFS_API_MAX_PAGES");
}

TEST_CASE("every default lies within its own range and is read back as it is written") {
  const Settings defaults;
  for (const Option& option : option_table()) {
    const std::string text = option_text(defaults, option);
    if (text.empty()) continue;
    INFO(option.key << "=" << text);
    Settings again;
    REQUIRE(set_option(again, option, {text}, "test"));
    if (option.kind != ValueKind::kPath) CHECK(option_text(again, option) == text);
  }
}

TEST_CASE("a wrong type or range is a usage error that names the key and leaves the value") {
  const auto wrong = [](const char* key, const std::string& text) {
    Settings settings;
    const std::string before = option_text(settings, *find_option_by_key(key));
    const auto set = set_option(settings, *find_option_by_key(key), {text}, "test");
    INFO(key << "=" << text);
    REQUIRE_FALSE(set);
    CHECK(set.error().code == Code::kUsage);
    CHECK(mentions(set.error().message, key));
    CHECK(option_text(settings, *find_option_by_key(key)) == before);
    CHECK(settings.origins.empty());
  };
  wrong("api.max_pages", "0");
  wrong("api.max_pages", "many");
  wrong("max_object_size", "-1");
  wrong("origin.timeout", "soon");
  wrong("origin.timeout", "2d");
  wrong("key_source", "magic");
  wrong("cache.enabled", "perhaps");
  wrong("operation_ttls", "list_repos");
  wrong("operation_ttls", "=5");
  wrong("ca_file", "");
}

TEST_CASE("times by operation add up, the newer one winning") {
  Settings settings;
  const Option& option = *find_option_by_key("operation_ttls");
  REQUIRE(set_option(settings, option, {"list_repos=60", "/repos/{owner}/{repo}=5m"}, "a"));
  REQUIRE(set_option(settings, option, {"list_repos=30"}, "b"));
  CHECK(settings.operation_ttls == OperationTtls{{"list_repos", 30}, {"/repos/{owner}/{repo}", 300}});
  CHECK(settings.origins.at("operation_ttls") == "b");
}

TEST_CASE("a long text that is refused is not repeated, for it may be a secret in the wrong place") {
  Settings settings;
  const std::string secret(80, 's');
  const auto set = set_option(settings, *find_option_by_key("origin.timeout"), {secret}, "test");
  REQUIRE_FALSE(set);
  CHECK_FALSE(mentions(set.error().message, secret));
}
