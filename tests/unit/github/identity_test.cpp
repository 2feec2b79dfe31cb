#include "backends/github/identity.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "crypto/hash.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

struct Directory {
  Directory() {
    char name[] = "/tmp/rfs-identity-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Directory() { [[maybe_unused]] int ended = std::system(("rm -rf " + path).c_str()); }
  std::string path;
};

void write(const std::string& path, const std::string& content) { std::ofstream(path) << content; }

IdentityOptions from_file(const std::string& path) {
  IdentityOptions options;
  options.token_file = path;
  options.ask_gh = false;
  return options;
}

// PATH and HOME for the time of a test.
struct Environment {
  Environment(const char* name, const std::string& value)
      : name_(name), before_(std::getenv(name) ? std::getenv(name) : "") {
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() { ::setenv(name_, before_.c_str(), 1); }
  const char* name_;
  const std::string before_;
};

}  // namespace

TEST_CASE("a token gives Authorization, partition and kind, and no token is an identity too", "[identity]") {
  FakeClock clock;
  IdentityOptions options;
  options.env_token = SecretBytes::copy_of("ghp_abc");
  options.env_name = "GH_TOKEN";
  IdentitySource source(std::move(options), sha256, clock);
  auto identity = source.current();
  REQUIRE(identity);
  CHECK((*identity)->authorization.reveal_text() == "Bearer ghp_abc");
  CHECK((*identity)->token.reveal_text() == "ghp_abc");
  CHECK((*identity)->origin == "GH_TOKEN");
  CHECK((*identity)->kind == "ghp");
  CHECK((*identity)->partition.size() == 32);
  CHECK((*identity)->partition.find_first_not_of("0123456789abcdef") == std::string::npos);

  IdentityOptions nothing;
  nothing.ask_gh = false;
  IdentitySource anonymous(std::move(nothing), sha256, clock);
  auto none = anonymous.current();
  REQUIRE(none);
  CHECK((*none)->authorization.empty());
  CHECK((*none)->kind == "anonymous");
  CHECK((*none)->partition != (*identity)->partition);
}

TEST_CASE("kinds of tokens are told apart by their prefix", "[identity]") {
  FakeClock clock;
  for (const auto& [token, kind] : {std::pair{"ghs_x", "ghs"},
                                    {"github_pat_x", "github_pat"},
                                    {"gho_x", "gho"},
                                    {"ghu_x", "ghu"},
                                    {"0123abcd", "unknown"},
                                    {"ghsx", "unknown"}}) {
    IdentityOptions options;
    options.env_token = SecretBytes::copy_of(std::string_view(token));
    IdentitySource source(std::move(options), sha256, clock);
    CHECK((*source.current())->kind == kind);
  }
}

TEST_CASE("line ends after a token are not part of it; anything else that is no single word is refused", "[identity]") {
  Directory dir;
  FakeClock clock;
  const std::string path = dir.path + "/token";
  for (const char* good : {"ghs_a", "ghs_a\n", "ghs_a\r\n", "ghs_a\n\n"}) {
    write(path, good);
    IdentitySource source(from_file(path), sha256, clock);
    auto identity = source.current();
    REQUIRE(identity);
    CHECK((*identity)->token.reveal_text() == "ghs_a");
    CHECK((*identity)->origin == "--token-file " + path);
  }
  for (const char* bad : {"", "\n", "ghs a", " ghs_a", "ghs_a\nghs_b\n", "ghs\t", "gh\x7fs", "gh\xc3\xa9"}) {
    write(path, bad);
    IdentitySource source(from_file(path), sha256, clock);
    auto identity = source.current();
    REQUIRE_FALSE(identity);
    CHECK(identity.error().code == Code::kNoKey);
    CHECK_FALSE(identity.error().hint.empty());
    CHECK(identity.error().message.find("ghs") == std::string::npos);
  }
}

TEST_CASE("a token file that cannot be read is an error with a hint", "[identity]") {
  Directory dir;
  FakeClock clock;
  ::mkfifo((dir.path + "/pipe").c_str(), 0600);
  write(dir.path + "/large", std::string(20'000, 'x'));
  for (const std::string& path : {dir.path + "/absent", dir.path, dir.path + "/pipe", dir.path + "/large"}) {
    IdentitySource source(from_file(path), sha256, clock);
    auto identity = source.current();
    REQUIRE_FALSE(identity);
    CHECK(identity.error().code == Code::kNoKey);
    CHECK(identity.error().hint.find("--token-file") != std::string::npos);
  }
}

TEST_CASE("a changed token file is noticed within a second, and a lost one ends the old identity", "[identity]") {
  Directory dir;
  FakeClock clock;
  const std::string path = dir.path + "/token";
  REQUIRE(replace_file(path, "ghs_one"));
  IdentitySource source(from_file(path), sha256, clock);
  const IdentityPtr first = *source.current();
  clock.advance(1);
  CHECK(*source.current() == first);  // the same object: nothing was read again
  REQUIRE(replace_file(path, "ghs_two"));
  clock.advance(1);
  const IdentityPtr second = *source.current();
  CHECK(second->token.reveal_text() == "ghs_two");
  CHECK(second->partition != first->partition);
  CHECK(first->token.reveal_text() == "ghs_one");  // who still holds it can go on
  write(path, "ghs_333");                          // in place
  clock.advance(1);
  CHECK((*source.current())->token.reveal_text() == "ghs_333");
  ::unlink(path.c_str());
  clock.advance(1);
  CHECK(source.current().error().code == Code::kNoKey);
  REQUIRE(replace_file(path, "ghs_two"));
  clock.advance(1);
  CHECK((*source.current())->partition == second->partition);
}

TEST_CASE("gh is asked once, for the API's host, with few variables, when nothing else is there", "[identity]") {
  Directory dir;
  FakeClock clock;
  write(dir.path + "/gh",
        "#!/bin/sh\necho \"$@ env:$(env | grep -c SECRET)\" >> " + dir.path + "/calls\necho gho_from_gh\n");
  ::chmod((dir.path + "/gh").c_str(), 0700);
  Environment path("PATH", dir.path + ":" + std::getenv("PATH"));
  Environment secret("SECRET_OF_OURS", "x");
  IdentityOptions options;
  options.gh_host = "ghe.example";
  IdentitySource source(std::move(options), sha256, clock);
  for (int i = 0; i < 3; ++i) {
    auto identity = source.current();
    REQUIRE(identity);
    CHECK((*identity)->token.reveal_text() == "gho_from_gh");
    CHECK((*identity)->origin == "gh auth token");
  }
  CHECK(*read_file(dir.path + "/calls") == "auth token --hostname ghe.example env:0\n");

  IdentityOptions with_token;
  with_token.env_token = SecretBytes::copy_of(std::string_view("ghs_env"));
  IdentitySource by_env(std::move(with_token), sha256, clock);
  CHECK((*by_env.current())->token.reveal_text() == "ghs_env");
  CHECK((*IdentitySource(IdentityOptions{}, sha256, clock).current())->token.empty());  // no host that gh could know
  IdentityOptions off;
  off.gh_host = "ghe.example";
  off.ask_gh = false;
  CHECK((*IdentitySource(std::move(off), sha256, clock).current())->token.empty());
  CHECK(read_file(dir.path + "/calls")->size() == 40);
}

TEST_CASE("a gh that fails or says nonsense leaves the anonymous identity", "[identity]") {
  Directory dir;
  FakeClock clock;
  Environment path("PATH", dir.path + ":" + std::getenv("PATH"));
  for (const char* script : {"#!/bin/sh\nexit 1\n", "#!/bin/sh\necho not a token\n", "#!/bin/sh\ntrue\n"}) {
    write(dir.path + "/gh", script);
    ::chmod((dir.path + "/gh").c_str(), 0700);
    IdentityOptions options;
    options.gh_host = "github.com";
    IdentitySource source(std::move(options), sha256, clock);
    REQUIRE(source.current());
    CHECK((*source.current())->kind == "anonymous");
  }
}

TEST_CASE("gh knows hosts by their own names", "[identity]") {
  CHECK(gh_hostname("https://api.github.com") == "github.com");
  CHECK(gh_hostname("https://ghe.example/api/v3") == "ghe.example");
  CHECK(gh_hostname("https://api.octo.ghe.com") == "octo.ghe.com");
  CHECK(gh_hostname("http://127.0.0.1:8080").empty());
  CHECK(gh_hostname("file:///recorded").empty());
}
