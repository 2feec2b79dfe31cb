#include "cli/mount_options.h"

#include "tests/catch.h"
#include "tests/unit/cli/scratch.h"

using namespace rfs;

namespace {

std::string refused_options(const std::vector<std::string>& texts) {
  const auto parsed = parse_mount_options(texts);
  if (parsed) return "";
  CHECK(parsed.error().code == Code::kUsage);
  CHECK_FALSE(parsed.error().hint.empty());
  return parsed.error().message;
}

}  // namespace

TEST_CASE("words of -o are options in their mount spelling") {
  const auto words = parse_mount_options({"ro,allow_other,origin_timeout=20s", "for=octo,nonempty=false"});
  REQUIRE(words);
  REQUIRE(words->settings.size() == 5);
  CHECK(std::string_view(words->settings[0].option->key) == "ro");
  CHECK(words->settings[0].texts[0] == "true");
  CHECK(std::string_view(words->settings[2].option->key) == "origin.timeout");
  CHECK(words->settings[2].texts[0] == "20s");
  CHECK(words->settings[2].origin == "-o origin_timeout");
  CHECK(words->settings[4].texts[0] == "false");
}

TEST_CASE("words of mount(8) and fstab mean nothing here, those of the kernel are passed on") {
  const auto words =
      parse_mount_options({"rw,_netdev,user,nouser,users,auto,noauto,nofail,defaults,dev,suid,exec,x-systemd.automount,"
                           "nosuid,noexec,noatime,nosuid"});
  // dev and suid stand beside nosuid only in this list of all that is accepted.
  CHECK_FALSE(words);
  const auto helper =
      parse_mount_options({"rw,_netdev,user,nouser,users,auto,noauto,nofail,defaults,x-systemd.automount,X-x,nosuid,"
                           "user=octo,comment=of mine,nodev,noexec,noatime,nosuid"});
  REQUIRE(helper);
  CHECK(helper->settings.empty());
  CHECK(helper->passed == std::vector<std::string>{"nosuid", "nodev", "noexec", "noatime"});
  CHECK(parse_mount_options({"rw,dev,suid,exec"}));
}

TEST_CASE("contradictions are refused") {
  CHECK(mentions(refused_options({"ro,rw"}), "contradict"));
  CHECK(mentions(refused_options({"rw", "ro"}), "contradict"));
  CHECK(mentions(refused_options({"rw,ro=true"}), "contradict"));
  CHECK(refused_options({"rw,noro"}).empty());
  CHECK(mentions(refused_options({"suid,nosuid"}), "contradict"));
  CHECK(mentions(refused_options({"allow_other,noallow_other"}), "twice"));
  CHECK(mentions(refused_options({"origin_timeout=1,origin_timeout=2"}), "twice"));
  CHECK(refused_options({"origin_timeout=1,origin_timeout=1"}).empty());
}

TEST_CASE("unknown words and missing values are refused by name") {
  CHECK(mentions(refused_options({"no_such=1"}), "no_such"));
  CHECK(mentions(refused_options({"allow_root"}), "allow_root"));
  CHECK(mentions(refused_options({"notoken_file"}), "notoken_file"));
  CHECK(mentions(refused_options({"ca_file"}), "value is missing"));
}

TEST_CASE("a comma within a value is written with a backslash, and lists may be repeated") {
  const auto words = parse_mount_options({"source=a\\,b,api_deny=/user*,api_deny=/orgs/*,,"});
  REQUIRE(words);
  REQUIRE(words->settings.size() == 2);
  CHECK(words->settings[0].texts[0] == "a,b");
  CHECK(words->settings[1].texts == std::vector<std::string>{"/user*", "/orgs/*"});
}
