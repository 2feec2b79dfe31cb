#include "backends/github/path.h"

#include "tests/catch.h"
#include "tests/unit/github/route_table.h"

using namespace rfs;
using What = ApiName::What;

namespace {
ApiName parsed(std::string_view path) {
  INFO(path);
  auto name = parse_api_path(path, routes());
  REQUIRE(name);
  return *name;
}
ApiRequest file(std::string_view path) {
  INFO(path);
  auto name = parsed(path);
  REQUIRE(name.what == What::kFile);
  CHECK(name.display == name.request->display);
  return *name.request;
}
Code failure(std::string_view path) {
  INFO(path);
  auto name = parse_api_path(path, routes());
  REQUIRE_FALSE(name);
  return name.error().code;
}
bool absent(std::string_view path) { return parsed(path).what == What::kAbsent; }
}  // namespace

TEST_CASE("a name is a GET of its path") {
  auto request = file("repos/octo/Hello/actions/runs.json");
  CHECK(request.path == "/repos/octo/Hello/actions/runs");
  CHECK(request.query.empty());
  CHECK(request.accept == "application/vnd.github+json");
  CHECK(request.display == "repos/octo/Hello/actions/runs.json");
}

TEST_CASE("the suffix picks the media type, and one is taken off") {
  CHECK(file("repos/o/r/readme.raw").accept == "application/vnd.github.raw+json");
  CHECK(file("repos/o/r/readme.html").accept == "application/vnd.github.html+json");
  CHECK(file("repos/o/r/pulls/1.diff").accept == "application/vnd.github.diff");
  CHECK(file("repos/o/r/pulls/1.patch").accept == "application/vnd.github.patch");
  CHECK(file("repos/o/r/code-scanning/analyses/1.sarif").accept == "application/sarif+json");
  CHECK(file("repos/o/r/releases/assets/1.bin").accept == "application/octet-stream");
  CHECK(file("repos/o/x.json.json").path == "/repos/o/x.json");
  CHECK(file("repos/o/x.js.json").path == "/repos/o/x.js");
  CHECK(parsed("repos/o/r.xml.").what == What::kDirectory);
  CHECK(parsed("repos/o/r.xml").what == What::kDirectory);
}

TEST_CASE("both spellings of a query are one request with one canonical name") {
  auto url = file("repos/o/r/actions/runs.json?status=success&per_page=100");
  auto at = file("repos/o/r/actions/runs@status=success@per_page=100.json");
  CHECK(url.query == "status=success&per_page=100");
  CHECK(at.query == url.query);
  CHECK(at.path == url.path);
  CHECK(at.display == "repos/o/r/actions/runs@status=success@per_page=100.json");
  CHECK(url.display == at.display);
  CHECK(file("repos/o/r/issues@state=open.json?page=2").query == "state=open&page=2");
}

TEST_CASE("queries keep their meaning through escapes") {
  CHECK(file("search/issues.json?q=repo:o%2Fr+is:open").query == "q=repo:o%2Fr+is:open");
  CHECK(file("search/issues@q=repo:o%2fr+is:open.json").query == "q=repo:o%2Fr+is:open");
  CHECK(file("search/users.json?q=a@b.c").query == "q=a%40b.c");
  CHECK(file("search/users@q=a%40b.c.json").query == "q=a%40b.c");
  CHECK(file("search/code@q=a&b.json").query == "q=a%26b");
  CHECK(file("search/code.json?q=a b#c?d").query == "q=a%20b%23c%3Fd");
  CHECK(file("search/code.json?q=%61").query == "q=a");
  CHECK(file("repos/o/r/issues.json?labels[]=bug&&x").query == "labels%5B%5D=bug&x=");
  CHECK(file("repos/o/r/issues@labels[]=bug.json").query == "labels%5B%5D=bug");
  CHECK(file("repos/o/r/issues.json?").query.empty());
  CHECK(file("repos/o/r/commits@sha=v1.json.json").query == "sha=v1.json");
  CHECK(failure("repos/o/r/issues.json?=x") == Code::kInvalid);
}

TEST_CASE("an @ begins a parameter only before name=") {
  CHECK(file("repos/o/r/contents/@types/x.json").path == "/repos/o/r/contents/@types/x");
  CHECK(file("repos/o/r/contents/a@b.json").path == "/repos/o/r/contents/a@b");
  CHECK(file("repos/o/r/contents/@a=b.raw").path == "/repos/o/r/contents/@a=b");
  CHECK(file("repos/o/r/contents/@a=b.raw").query.empty());
  CHECK(file("repos/o/r/contents/@a=b@ref=main.raw").query == "ref=main");
  CHECK(file("repos/o/r/contents/x%40a=b.raw").path == "/repos/o/r/contents/x%40a=b");
  CHECK(file("repos/o/r/contents/a@x=1/b.raw").path == "/repos/o/r/contents/a@x=1/b");
}

TEST_CASE("an @ at the end or without a name stays text") {
  CHECK(file("repos/o/r/contents/a@.raw").path == "/repos/o/r/contents/a@");
  CHECK(file("repos/o/r/contents/a@=b.raw").path == "/repos/o/r/contents/a@=b");
  CHECK(file("repos/o/r/contents/a@r=1@.raw").query == "r=1%40");
  CHECK(file("repos/o/r/contents/a@r=.raw").query == "r=");
  CHECK(file("repos/o/r/contents/a@@ref=x.raw").path == "/repos/o/r/contents/a@");
}

TEST_CASE("lists by line ask for pages of 100 unless told otherwise") {
  auto name = parsed("repos/o/r/issues.jsonl");
  CHECK(name.lines);
  CHECK(name.request->query == "per_page=100");
  CHECK(name.display == "repos/o/r/issues.jsonl");
  CHECK(file("repos/o/r/issues.jsonl?per_page=5").query == "per_page=5");
  auto same = file("repos/o/r/issues@per_page=100@state=all.jsonl");
  CHECK(same.query == "state=all&per_page=100");
  CHECK(same.display == "repos/o/r/issues@state=all.jsonl");
  auto page = page_request(same);
  CHECK(page.accept == "application/vnd.github+json");
  CHECK(page.query == same.query);
  CHECK(page.display == "repos/o/r/issues@state=all@per_page=100.json");
}

TEST_CASE("a path without a suffix is a directory when the route table knows it") {
  for (auto path : {"", "repos", "repos/octo", "repos/octo/hello", "repos/octo/hello/actions", "user", "zen",
                    "repos/o/r/contents/src"}) {
    INFO(path);
    CHECK(parsed(path).what == What::kDirectory);
    CHECK(parsed(path).display == path);
  }
  for (auto path : {"nope", "nope.json", "repos.json", "repos/octo.json", "repos/o/r/nope.json",
                    "repos/o/r/nope/x.json", "zen/x.json", "runs?x=1"})
    CHECK(absent(path));
  CHECK(absent("repos/o/r?x=1"));
}

TEST_CASE("below a file name there is no directory") {
  CHECK(failure("repos/o/r.json/x") == Code::kNotDirectory);
  CHECK(failure("repos/o/r.json/pulls.json") == Code::kNotDirectory);
  CHECK(failure("user.json/x/y") == Code::kNotDirectory);
  CHECK(failure("repos/o/r/issues.json?q=a/b") == Code::kNotDirectory);
  CHECK(absent("repos/o.json/r"));
  CHECK(file("repos/o/r/contents/data.json/x.raw").path == "/repos/o/r/contents/data.json/x");
  CHECK(file("repos/o/r/contents/data.json/x.raw").display == "repos/o/r/contents/data%2Ejson/x.raw");
}

TEST_CASE("names that begin with a dot are absent, but below contents") {
  for (auto path : {".git", ".hidden", ".Trash-0/x.json", "repos/.git/x.json", "repos/o/.github.json",
                    "repos/o/r/.json", ".json", "repos/o/r/contents/.git", "repos/o/r/contents/.git/HEAD.raw",
                    "repos/o/r/contents/.git.json", ".now/.now/zen.json"})
    CHECK(absent(path));
  CHECK(file("repos/o/r/contents/.github/workflows/ci.yml.raw").path == "/repos/o/r/contents/.github/workflows/ci.yml");
  CHECK(file("repos/o/r/contents/.gitignore.raw").path == "/repos/o/r/contents/.gitignore");
  CHECK(parsed("repos/o/r/contents/.github").what == What::kDirectory);
  CHECK(parsed("repositories/1/contents/.github").what == What::kDirectory);
}

TEST_CASE("an escaped dot hides nothing and begins no suffix") {
  auto github = file("repos/o/%2Egithub.json");
  CHECK(github.path == "/repos/o/.github");
  CHECK(github.display == "repos/o/%2Egithub.json");
  auto pulls = file("repos/o/x%2ejson/pulls.json");
  CHECK(pulls.path == "/repos/o/x.json/pulls");
  CHECK(pulls.display == "repos/o/x%2Ejson/pulls.json");
  CHECK(parsed("repos/o/x%2Ejson").what == What::kDirectory);
  CHECK(parsed("repos/o/x%2Ejson").display == "repos/o/x%2Ejson");
}

TEST_CASE(".now asks anew for the same request") {
  auto now = parsed(".now/repos/o/r.json");
  CHECK(now.now);
  CHECK(now.what == What::kFile);
  CHECK(now.display == "repos/o/r.json");
  CHECK(parsed(".now").what == What::kDirectory);
  CHECK(parsed(".now").now);
  CHECK_FALSE(parsed("repos/o/r.json").now);
}

TEST_CASE("bad characters are invalid before anything else is looked at") {
  for (auto path : {"repos/o/r%.json", "repos/o/r%zz.json", "nope/%f", "repos/o/%2e%2E/x.json", "repos/o/..%2fr.json",
                    "repos/../user.json", "repos/o/r\x01.json", "repos/o/r\x7f.json", "repos/o/r%00.json",
                    "repos/o/r%7F.json", "repos/o/r.json?x=%0a", "repos/o/./r.json", "user.json?x=%"})
    CHECK(failure(path) == Code::kInvalid);
  CHECK(file("repos/o/r/compare/v1...v2.json").path == "/repos/o/r/compare/v1...v2");
  CHECK(file("repos/o/r/contents/..a.json").path == "/repos/o/r/contents/..a");
}

TEST_CASE("an over-long component is refused") {
  CHECK(failure("repos/o/" + std::string(251, 'x') + ".json") == Code::kNameTooLong);
  CHECK(file("repos/o/" + std::string(250, 'x') + ".json").path.size() == 259);
  CHECK(failure("user.json?q=" + std::string(300, 'x')) == Code::kNameTooLong);
  std::string deep = "repos/o/r/contents";
  while (deep.size() < 20'000) deep += "/x";
  CHECK(failure(deep + ".json") == Code::kNameTooLong);
}

TEST_CASE("what may not stand in a path segment is escaped once") {
  CHECK(file("repos/o/r/contents/a b\xc3\xbc\"<>.raw").path == "/repos/o/r/contents/a%20b%C3%BC%22%3C%3E");
  CHECK(file("repos/o/r/contents/a%20b.raw").path == "/repos/o/r/contents/a%20b");
  CHECK(file("repos/o/r/labels/a%2fb.json").path == "/repos/o/r/labels/a%2Fb");
  CHECK(file("repos//o///r.json").path == "/repos/o/r");
  CHECK(file("repos/o/r/contents/a+(1).raw").path == "/repos/o/r/contents/a+(1)");
}

TEST_CASE("letters beyond ASCII are sent escaped and shown as themselves") {
  auto plain = file("repos/o/r/contents/\xc3\xbc/\xe6\x97\xa5\xf0\x9f\x98\x80@ref=\xc3\xa4.raw");
  auto escaped = file("repos/o/r/contents/%c3%bc/%E6%97%A5%F0%9F%98%80@ref=%C3%A4.raw");
  CHECK(plain.path == "/repos/o/r/contents/%C3%BC/%E6%97%A5%F0%9F%98%80");
  CHECK(plain.query == "ref=%C3%A4");
  CHECK(plain.path == escaped.path);
  CHECK(plain.display == "repos/o/r/contents/\xc3\xbc/\xe6\x97\xa5\xf0\x9f\x98\x80@ref=\xc3\xa4.raw");
  CHECK(escaped.display == plain.display);
}

TEST_CASE("bytes that are no letters stay escaped") {
  for (auto name : {"%FF", "%C3", "%C0%AF", "%C2%9B", "%E0%80%AF", "%ED%A0%80", "%F4%90%80%80", "%F5%80%80%80", "%20"})
    CHECK(file("repos/o/r/contents/" + std::string(name) + ".raw").display ==
          "repos/o/r/contents/" + std::string(name) + ".raw");
}

TEST_CASE("allow and deny are EACCES for files alone") {
  Routes table({{}, {"/repos/octo/*"}, {}});
  auto denied = parse_api_path("repos/octo/hello.json", table);
  REQUIRE_FALSE(denied);
  CHECK(denied.error().code == Code::kDenied);
  CHECK(parse_api_path("repos/octo", table)->what == What::kDirectory);
  CHECK(parse_api_path("repos/other/x.json", table)->what == What::kFile);
}

TEST_CASE("a URL becomes a path") {
  auto path = [](std::string_view url, std::string_view base = "https://api.github.com") {
    INFO(url);
    auto out = path_of_url(url, base);
    return out ? *out : std::string(to_word(out.error().code));
  };
  CHECK(path("https://api.github.com/repos/o/r/actions/runs?status=success&q=a/b") ==
        "repos/o/r/actions/runs@status=success@q=a%2Fb.json");
  CHECK(path("HTTPS://API.github.com:443/user#top") == "user.json");
  CHECK(path("/repos/o/r?") == "repos/o/r.json");
  CHECK(path("repos/o/r") == "repos/o/r.json");
  CHECK(path("https://api.github.com/repos/o/.github/contents/data.json") ==
        "repos/o/%2Egithub/contents/data.json.json");
  CHECK(path("https://api.github.com/repos/o/x.json/readme") == "repos/o/x%2Ejson/readme.json");
  CHECK(path("https://ghe.example/api/v3/user", "https://ghe.example/api/v3") == "user.json");
  CHECK(path("https://ghe.example/api/v3x/user", "https://ghe.example/api/v3/") == "invalid");
  CHECK(path("https://ghe.example/user", "https://ghe.example/api/v3") == "invalid");
  CHECK(path("http://127.0.0.1:8080/user", "http://127.0.0.1:8080") == "user.json");
  CHECK(path("https://api.github.com/user", "file:///srv/recorded") == "user.json");
  CHECK(path("https://evil.example/user") == "invalid");
  CHECK(path("http://api.github.com/user") == "invalid");
  CHECK(path("https://api.github.com.evil.example/user") == "invalid");
  CHECK(path("https://user@api.github.com/user") == "invalid");
  CHECK(path("https://api.github.com") == "invalid");
  CHECK(path("https://api.github.com/repos/o/r/commits{/sha}") == "invalid");
  CHECK(path("https://api.github.com/repos/%2e%2e/r") == "invalid");
}

TEST_CASE("placeholders stand for the repository") {
  CHECK(*fill_placeholders("api/repos/{owner}/{repo}/pulls.json", "octo/hello") == "api/repos/octo/hello/pulls.json");
  CHECK(*fill_placeholders("api/user.json", "") == "api/user.json");
  for (auto repository : {"", "octo", "octo/", "/hello", "a/b/c"})
    CHECK(fill_placeholders("{repo}", repository).error().code == Code::kUsage);
}

TEST_CASE("the canonical key separates its parts") {
  ApiRequest a{"/a", "b", "c", ""}, b{"/ab", "", "c", ""};
  CHECK(canonical_key("h", a) != canonical_key("h", b));
  CHECK(canonical_key("h", a) == std::string("\0\1h\0\2/a\0\1b\0\1c\0\n2022-11-28", 25));
  auto key = entry_key("h", file("repos/o/r/pulls@state=all.json"), "p");
  CHECK(key.space == Space::kApi);
  CHECK(key.partition == "p");
  CHECK(key.directory == "repos/o/r");
  CHECK(key.name == "pulls@state=all.json");
  CHECK(entry_key("h", file("user.json"), "").directory.empty());
}

// Deterministic random text over the characters that the grammar treats specially.
namespace {
struct Random {
  std::uint64_t state;
  std::uint64_t next(std::uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
  }
  std::string text(std::size_t most) {
    static const std::vector<std::string> pieces = {
        "a",      "B",    "7",      "-",    ".",   "..",  "@", "=", "@a=", "@ref=b", ".json",       ".raw", ".jsonl",
        "%40",    "%2E",  "%2e",    "%2F",  "%25", "%3F", " ", "+", "&",   "?",      "#",           "~",    "\xc3\xa4",
        "%C3%A4", "\xff", "%e2%82", "\x82", ":",   ",",   "[", "'", "\"",  "*",      "per_page=100"};
    std::string out;
    for (auto n = next(most) + 1; n > 0; --n) out += pieces[next(pieces.size())];
    return out;
  }
};
}  // namespace

TEST_CASE("a canonical name is read back as the same request, and so is its URL") {
  Random random{1};
  static const std::vector<std::string> roots = {
      "repos/o/r/contents/", "repos/o/r/branches/", "repos/o/", "repos/o/r/compare/", "search/code", "user", ""};
  int files = 0, directories = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string path = roots[random.next(roots.size())] + random.text(5);
    if (random.next(3) == 0) path += "/" + random.text(3);
    if (random.next(2) == 0) path += ".json";
    if (random.next(4) == 0) path += "?" + random.text(4);
    auto name = parse_api_path(path, routes());
    if (!name || name->what == What::kAbsent) continue;
    INFO(path);
    INFO(name->display);
    auto again = parse_api_path(name->display, routes());
    if (!again && again.error().code == Code::kNameTooLong) continue;  // escapes made it longer
    REQUIRE(again);
    REQUIRE(again->what == name->what);
    REQUIRE(again->display == name->display);
    if (name->what == What::kDirectory) {
      ++directories;
      continue;
    }
    ++files;
    REQUIRE(again->request->path == name->request->path);
    REQUIRE(again->request->query == name->request->query);
    REQUIRE(again->request->accept == name->request->accept);
    const auto& request = *name->request;
    auto url = path_of_url("https://api.github.com" + request.path + (request.query.empty() ? "" : "?" + request.query),
                           "https://api.github.com");
    INFO(request.path << " ? " << request.query);
    REQUIRE(url);
    auto from_url = parse_api_path(*url, routes());
    REQUIRE(from_url);
    REQUIRE(from_url->what == What::kFile);
    REQUIRE(from_url->request->path == request.path);
    REQUIRE(from_url->request->query == request.query);
  }
  CHECK(files > 5'000);
  CHECK(directories > 1'000);
}

TEST_CASE("a link may be relative to the request whose answer holds it") {
  const std::string base = "https://ghe.test/api/v3";
  auto from = json_request("/repos/o/r/issues", "per_page=100&page=1").value();
  auto next = [&](const std::string& link) {
    auto target = target_of_link(link, from, base);
    return target ? target->path + "?" + target->query : std::string(to_word(target.error().code));
  };
  CHECK(next("?page=2") == "/repos/o/r/issues?page=2");
  CHECK(next("issues?page=2") == "/repos/o/r/issues?page=2");
  CHECK(next("/api/v3/repositories/7/issues?page=2") == "/repositories/7/issues?page=2");
  CHECK(next(base + "/repositories/7/issues?page=2") == "/repositories/7/issues?page=2");
  CHECK(next("/repositories/7/issues?page=2") == to_word(Code::kInvalid));
  CHECK(next("//other.test/api/v3/repos/o/r?page=2") == to_word(Code::kInvalid));
  CHECK(target_of_link("?page=2", from, "file:///recorded")->path == "/repos/o/r/issues");
}
