#include "backends/github/replay.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "backends/github/recordings.h"
#include "tests/unit/github/origin_world.h"

using namespace rfs;

namespace {

struct Recorded {
  Recorded() {
    char name[] = "/tmp/rfs-replay-XXXXXX";
    path = ::mkdtemp(name);
    write("one.json", R"([
      {"scope": "https://api.github.com:443", "method": "post", "path": "/repos/o/r", "status": 201, "response": {}},
      {"scope": "https://api.github.com:443", "method": "get", "path": "/repos/o/r", "status": 200,
       "response": {"id": 1, "name": "r"},
       "rawHeaders": ["ETag", "\"recorded\"", "X-RateLimit-Remaining", "0", "X-RateLimit-Limit", "60", "Content-Length", "999",
                      "Link", "<https://api.github.com/next>; rel=\"next\""]},
      {"method": "get", "path": "/repos/o/r/contents/README.md", "status": 200, "response": {"type": "file"},
       "reqheaders": {"accept": "application/vnd.github.v3+json"}},
      {"method": "get", "path": "/repos/o/r/contents/README.md", "status": 200, "response": "# hello",
       "reqheaders": {"accept": "application/vnd.github.v3.raw"}},
      {"method": "get", "path": "/search/issues?q=sesame%20repo%3Ao%2Fr&page=2", "status": 200, "response": {"items": []}},
      {"method": "get", "path": "/repos/o/old", "status": 301, "response": {"message": "Moved Permanently"},
       "headers": {"location": "https://api.github.com/repositories/1"}},
      {"method": "get", "path": "/repositories/1", "status": 200, "response": {"id": 1}},
      {"method": "get", "path": "/repos/o/r/tarball/main", "status": 302, "response": "",
       "headers": {"location": "https://codeload.github.com/o/r/main"}},
      {"scope": "https://codeload.github.com:443", "method": "get", "path": "/o/r/main", "status": 200,
       "response": "1f8b0800ff", "responseIsBinary": true},
      {"method": "get", "path": "/user", "status": 403, "response": {"message": "API rate limit exceeded"},
       "headers": {"x-ratelimit-remaining": "0", "x-ratelimit-limit": "60"}},
      {"method": "get", "path": "/emojis", "status": 204, "response": ""}
    ])");
    write("broken.json", "[{\"method\": ");
    directory("/repos/o/files");
    write("repos/o/files.json", R"({"id":2})");
    write("repos/o/files/branches.json", "[1]");
    write("repos/o/files/branches?page=2&per_page=1.json", "[2]");
    write("repos/o/files/readme.raw", "raw bytes");
    write("meta.json", R"({"a":1})");
  }
  ~Recorded() { [[maybe_unused]] int ended = std::system(("rm -rf " + path).c_str()); }
  void write(const std::string& name, const std::string& content) { std::ofstream(path + "/" + name) << content; }
  void directory(const std::string& name) {
    for (std::size_t at = 1; at != std::string::npos;) {
      at = name.find('/', at + 1);
      ::mkdir((path + name.substr(0, at)).c_str(), 0700);
    }
  }
  std::string path;
};

struct Player : Recorded {
  explicit Player(const std::string& token = "ghs_one") : world(token) {
    world.origin = std::make_unique<Origin>(OriginOptions{.base_url = "file://" + path}, world.routes, world.identities,
                                            world.clock, world.pool, world.counters, world.errors);
  }
  Asked ask(std::string where, std::string query = "", std::string accept = kJsonType) {
    return world.ask(Ask{request_for(std::move(where), std::move(query), std::move(accept)), nullptr, nullptr, {}});
  }
  std::string text(std::string where, std::string query = "", std::string accept = kJsonType) {
    Asked asked = ask(std::move(where), std::move(query), std::move(accept));
    return asked ? body_of((*asked)->entry) : "error: " + asked.error().message;
  }
  World world;
};

}  // namespace

TEST_CASE("a recorded answer is served with a tag of its own, and without the recorded hour's limits", "[replay]") {
  Player player;
  const EntryPtr entry = player.world.get("/repos/o/r").entry;
  CHECK(body_of(entry) == R"({"id":1,"name":"r"})");
  CHECK(entry->meta.etag == etag_of(kJsonType, authorization_of("ghs_one"), R"({"id":1,"name":"r"})"));
  CHECK(entry->meta.link == "<https://api.github.com/next>; rel=\"next\"");
  CHECK(player.world.origin->windows().empty());
  CHECK(player.world.origin->host() == player.path);
  const Answer again = player.world.get("/repos/o/r", entry);
  CHECK_FALSE(again.changed);
  CHECK(player.world.counters.get(Counter::kRevalidated) == 1);
}

TEST_CASE("recordings are told apart by media type and parameters", "[replay]") {
  Player player;
  CHECK(player.text("/repos/o/r/contents/README.md") == R"({"type":"file"})");
  CHECK(player.text("/repos/o/r/contents/README.md", "", "application/vnd.github.raw+json") == "# hello");
  CHECK(player.text("/search/issues", "page=2&q=sesame+repo:o%2Fr").starts_with("error"));  // a plus is no space here
  CHECK(player.text("/search/issues", "page=2&q=sesame%20repo:o%2fr") == R"({"items":[]})");
  CHECK(player.text("/search/issues", "q=sesame%20repo:o%2fr").starts_with("error"));
}

TEST_CASE("recorded redirects are followed, within the API and to other hosts", "[replay]") {
  Player player;
  CHECK(player.text("/repos/o/old") == R"({"id":1})");
  CHECK(player.text("/repos/o/r/tarball/main", "", "application/octet-stream") ==
        std::string("\x1f\x8b\x08\x00\xff", 5));
}

TEST_CASE("recorded refusals keep their meaning", "[replay]") {
  Player player;
  auto limited = player.ask("/user");
  REQUIRE_FALSE(limited);
  CHECK(limited.error().code == Code::kLimited);
  Player other;
  CHECK((*other.ask("/emojis"))->entry->meta.status == 204);
}

TEST_CASE("plain files are bodies, by path, query and suffix", "[replay]") {
  Player player;
  CHECK(player.text("/repos/o/files") == R"({"id":2})");
  CHECK(player.text("/meta") == R"({"a":1})");
  CHECK(player.text("/repos/o/files/branches") == "[1]");
  CHECK(player.text("/repos/o/files/branches", "per_page=100") == "[1]");
  CHECK(player.text("/repos/o/files/branches", "per_page=1&page=2") == "[2]");
  CHECK(player.text("/repos/o/files/readme", "", "application/vnd.github.raw+json") == "raw bytes");
  CHECK(player.text("/repos/o/files/readme").starts_with("error"));
}

TEST_CASE("what is not recorded is a 404 that says so", "[replay]") {
  Player player;
  auto asked = player.ask("/repos/o/nothing");
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == Code::kNotFound);
  CHECK(asked.error().message.find("nothing is recorded for GET /repos/o/nothing") != std::string::npos);
  CHECK(asked.error().message.find("recording in " + player.path) != std::string::npos);
}

TEST_CASE("nothing outside the directory is served, and no file of recordings as a body", "[replay]") {
  Player player;
  player.write("../rfs-replay-outside.json", "{}");
  CHECK(player.text("/../rfs-replay-outside").starts_with("error"));
  CHECK(player.text("/one").starts_with("error"));
  ::unlink((player.path + "/../rfs-replay-outside.json").c_str());
}

TEST_CASE("media types are known by their suffix", "[replay]") {
  CHECK(kind_of_accept("application/vnd.github+json") == "json");
  CHECK(kind_of_accept("application/vnd.github.v3+json") == "json");
  CHECK(kind_of_accept("application/vnd.github.raw+json") == "raw");
  CHECK(kind_of_accept("application/vnd.github.diff") == "diff");
  CHECK(kind_of_accept("application/sarif+json") == "sarif");
  CHECK(kind_of_accept("application/octet-stream") == "bin");
  CHECK(sorted_query("b=2&a=1&b=1") == "a=1&b=2&b=1");
  CHECK(sorted_query("q=a%2fb&per_page=5", "per_page") == "q=a%2Fb");
}

TEST_CASE("a directory that is not there answers 404 to everything", "[replay]") {
  World world("t");
  world.origin = std::make_unique<Origin>(OriginOptions{.base_url = "file:///no/such/directory"}, world.routes,
                                          world.identities, world.clock, world.pool, world.counters, world.errors);
  CHECK(world.error("/repos/o/r").code == Code::kNotFound);
}
