#include "backends/actions/blob.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <mutex>

#include "backends/actions/cache_service.h"
#include "base/encode.h"
#include "base/fd.h"
#include "tests/catch.h"
#include "tests/unit/actions/script.h"

using namespace rfs;
using namespace rfs::test;

namespace {

Fd file_of(const std::string& content = {}) {
  Fd out(::memfd_create("blob", MFD_CLOEXEC));
  REQUIRE(::pwrite(out.get(), content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()));
  return out;
}

std::string content_of(const Fd& file, std::uint64_t size) {
  std::string out(size, '\0');
  REQUIRE(::pread(file.get(), out.data(), size, 0) == static_cast<ssize_t>(size));
  return out;
}

std::string letters(std::size_t size) {
  std::string out(size, ' ');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + i % 23);
  return out;
}

Result<std::string> no_other() { return fail(Code::kNotFound, "no other address"); }

// A store with ranges.
HttpResponse part_of(const std::string& content, const HttpRequest& request) {
  const std::string range = Script::header(request, "Range");
  const std::size_t first = std::strtoull(range.c_str() + 6, nullptr, 10);
  const std::size_t last =
      std::min<std::size_t>(std::strtoull(range.c_str() + range.find('-') + 1, nullptr, 10), content.size() - 1);
  if (first >= content.size()) return says(416);
  return says(206, content.substr(first, last - first + 1),
              {{"Content-Range", fmt::format("bytes {}-{}/{}", first, last, content.size())}});
}

const BlobLimits kSmall{10, 3, 1'000};

}  // namespace

TEST_CASE("a download in pieces is put together, whatever breaks off") {
  const std::string content = letters(95);
  // By piece: in one order for all of them, a piece whose threads are unlucky would meet the same failure each time.
  std::map<unsigned long, unsigned> asked;
  std::mutex mutex;
  Script script([&](const HttpRequest& request) -> HttpResult {
    HttpResponse out = part_of(content, request);
    const unsigned long piece = std::stoul(Script::header(request, "Range").substr(6)) / 10;
    const std::lock_guard lock(mutex);
    switch ((piece + asked[piece]++) % 4) {
      case 1:
        return says(503);
      case 2:
        out.body.resize(out.body.size() / 2);  // a short body
        return out;
      case 3:
        out.body.resize(out.body.size() / 2);
        out.headers.set("x-cut", "1");
        return out;
      default:
        return out;
    }
  });
  Web web(script, impatient());
  const Fd file = file_of();
  const auto size = download_blob(web, "https://store/blob?sig=x", file.get(), no_other, kSmall);
  REQUIRE(size);
  CHECK(content_of(file, *size) == content);
  for (const auto& one : script.asked) CHECK(one.authorization.empty());
}

TEST_CASE("an expired address is asked for anew, a few times") {
  const std::string content = letters(40);
  Script script([&](const HttpRequest& request) -> HttpResult {
    if (request.url.find("fresh") == std::string::npos) return says(403);
    return part_of(content, request);
  });
  Web web(script, impatient());
  const Fd file = file_of();
  int renewed = 0;
  const auto fresh = [&]() -> Result<std::string> {
    ++renewed;
    return std::string("https://store/fresh");
  };
  const auto size = download_blob(web, "https://store/old", file.get(), fresh, kSmall);
  REQUIRE(size);
  CHECK(content_of(file, *size) == content);
  CHECK(renewed == 1);
  const auto still_old = [&]() -> Result<std::string> { return fmt::format("https://store/{}", ++renewed); };
  CHECK(download_blob(web, "https://store/old", file.get(), still_old, kSmall).error().code == Code::kDenied);
  CHECK(renewed <= 5);
}

TEST_CASE("a store without ranges, one that lies, and one without an end") {
  const std::string content = letters(95);
  const Fd file = file_of();
  Script whole([&](const HttpRequest&) -> HttpResult { return says(200, content); });
  Web web(whole, impatient());
  const auto size = download_blob(web, "https://store/x", file.get(), no_other, kSmall);
  REQUIRE(size);
  CHECK(content_of(file, *size) == content);
  CHECK(download_blob(web, "https://store/x", file.get(), no_other, {10, 3, 50}).error().code == Code::kTooLarge);

  for (const char* range : {"", "bytes 0-9/18446744073709551615", "bytes 5-14/95", "bytes 0-9/5", "bytes 9-0/95", "bytes 0-/95",
                            "bytes 0-9/*", "items 0-9/95", "bytes 0-9/95x"}) {
    Script lies([&](const HttpRequest&) -> HttpResult { return says(206, "0123456789", {{"Content-Range", range}}); });
    Web lying(lies, impatient());
    CHECK_FALSE(download_blob(lying, "https://store/x", file.get(), no_other, kSmall));
  }
  Script changes([&](const HttpRequest& request) -> HttpResult {
    const bool first = Script::header(request, "Range").starts_with("bytes=0-");
    return part_of(letters(first ? 95 : 80), request);
  });
  Web changing(changes, impatient());
  CHECK_FALSE(download_blob(changing, "https://store/x", file.get(), no_other, kSmall));
}

TEST_CASE("an upload goes as a whole, or as blocks in their order") {
  std::map<std::string, std::string> blocks;
  std::string whole;
  std::mutex mutex;
  Script script([&](const HttpRequest& request) -> HttpResult {
    const std::lock_guard lock(mutex);
    const auto at = request.url.find("blockid=");
    if (at != std::string::npos)
      blocks[*percent_decode(request.url.substr(at + 8))] = *request.content;
    else
      whole = *request.content;
    return says(201);
  });
  Web web(script, impatient());
  const std::string content = letters(95);
  const Fd file = file_of(content);
  REQUIRE(upload_blob(web, "https://store/x?sig=s", file.get(), 8, kSmall));
  CHECK(whole == content.substr(0, 8));
  REQUIRE(upload_blob(web, "https://store/x?sig=s", file.get(), 95, kSmall));
  CHECK(blocks.size() == 10);
  std::string joined;
  for (std::size_t at = whole.find("<Latest>"); at != std::string::npos; at = whole.find("<Latest>", at + 1))
    joined += blocks[whole.substr(at + 8, whole.find('<', at + 8) - at - 8)];
  CHECK(joined == content);
}

TEST_CASE("version 2: keys, answers, and what each failure means") {
  const auto token = bearer(SecretBytes::copy_of("runtime"));
  std::string answer;
  int status = 200;
  Script script([&](const HttpRequest&) -> HttpResult { return says(status, answer); });
  Web web(script, impatient());
  const auto service = cache_service_v2("https://results.example/any/path/", token, web, "runnerfs/test");
  answer = R"({"ok": true, "signed_download_url": "https://store/x?sig=1", "matched_key": "k-1"})";
  const auto hit = service->find({"k-", {"a", "b"}, std::string(64, '0')});
  REQUIRE(hit);
  REQUIRE(*hit);
  CHECK((*hit)->key == "k-1");
  CHECK(script.asked[0].url ==
        "https://results.example/twirp/github.actions.results.api.v1.CacheService/GetCacheEntryDownloadURL");
  CHECK(script.asked[0].authorization == "Bearer runtime");
  CHECK(script.asked[0].content.find("\"restore_keys\":[\"a\",\"b\"]") != std::string::npos);
  answer = R"({"ok": false})";
  CHECK_FALSE(*service->find({"k-", {}, ""}));
  answer = R"({"ok": true, "signed_download_url": "http://store/x", "matched_key": "k-1"})";
  CHECK(service->find({"k-", {}, ""}).error().code == Code::kBroken);  // from https to http
  const Fd file = file_of("content");
  const std::pair<int, Code> kinds[] = {{401, Code::kDenied}, {403, Code::kDenied}, {409, Code::kExists}, {400, Code::kBroken}};
  answer = R"({"code": "x", "msg": "words\nof the service"})";
  for (const auto& [number, code] : kinds) {
    status = number;
    const auto stored = service->store("k", std::string(64, '0'), file.get(), 7);
    REQUIRE_FALSE(stored);
    CHECK(stored.error().code == code);
    CHECK(stored.error().message.find("words of the service") != std::string::npos);
  }
  answer = R"({"msg": "insufficient usage"})";
  CHECK(service->store("k", "", file.get(), 7).error().code == Code::kNoSpace);
}

TEST_CASE("patience: 429 is waited for when it is short, 5xx a few times, 4xx never") {
  std::vector<HttpResponse> answers;
  std::size_t next = 0;
  Script script([&](const HttpRequest&) -> HttpResult { return answers[std::min(next++, answers.size() - 1)]; });
  Web web(script, impatient());
  HttpRequest request;
  request.url = "https://service/x?sig=canary";
  answers = {says(429, "", {{"Retry-After", "0"}}), says(502), says(200, "yes")};
  CHECK(web.ask(request)->body == "yes");
  next = 0;
  answers = {says(429, "", {{"Retry-After", "60"}})};
  const auto limited = web.ask(request);
  CHECK(limited.error().code == Code::kLimited);
  CHECK(limited.error().message.find("canary") == std::string::npos);
  CHECK(next == 1);
  next = 0;
  answers = {says(503)};
  CHECK(web.ask(request)->status == 503);
  CHECK(next == 3);
  next = 0;
  answers = {says(404)};
  CHECK(web.ask(request)->status == 404);
  CHECK(next == 1);
}

TEST_CASE("which service a runner names") {
  using Map = std::map<std::string, std::string>;
  CHECK(cache_endpoint({}).error().code == Code::kUnsupported);
  const auto v2 = cache_endpoint(Map{{"ACTIONS_RESULTS_URL", "https://r/"}, {"ACTIONS_CACHE_SERVICE_V2", "True"}});
  CHECK((v2 && v2->v2 && v2->base == "https://r/"));
  const auto act = cache_endpoint(Map{{"ACTIONS_CACHE_URL", "http://10.0.0.1:3/abc/"}, {"ACTIONS_RESULTS_URL", "https://r/"}});
  CHECK((act && !act->v2 && act->base == "http://10.0.0.1:3/abc/"));
  const auto server = cache_endpoint(Map{{"ACTIONS_RESULTS_URL", "https://r/"},
                                         {"ACTIONS_CACHE_SERVICE_V2", "True"},
                                         {"GITHUB_SERVER_URL", "https://ghes.example"}});
  CHECK((server && !server->v2));
  CHECK(cache_endpoint(Map{{"ACTIONS_CACHE_URL", "nothing"}}).error().code == Code::kInvalid);
}
