// Version 1 of the cache service, which GitHub Enterprise Server and act have.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backends/actions/blob.h"
#include "backends/actions/cache_service.h"
#include "backends/http/url.h"
#include "base/encode.h"
#include "base/json.h"

namespace rfs {
namespace {

constexpr const char* kAcceptV1 = "application/json;api-version=6.0-preview.1";
constexpr Millis kCallTimeV1{30'000}, kPieceTimeV1{180'000};
constexpr std::size_t kAnswerMostV1 = 256u << 10;

bool succeeded(const HttpResponse& response) { return response.status >= 200 && response.status < 300; }

class CacheV1 final : public CacheService {
 public:
  CacheV1(std::string base, std::shared_ptr<const SecretBytes> token, Web& web, std::string agent)
      : base_(std::move(base)), token_(std::move(token)), web_(web), agent_(std::move(agent)) {}

  Result<std::optional<CacheHit>> find(const CacheKeys& keys) override {
    std::string list = keys.key;
    for (const std::string& one : keys.restore_keys) list += "," + one;
    HttpRequest request = prepared("cache?keys=" + percent_encode(list) + "&version=" + keys.version);
    TRY_ASSIGN(const HttpResponse response, web_.ask(request));
    if (response.status == 204 || response.status == 404) return std::nullopt;
    if (!succeeded(response)) return fail(cache_error(response, "does not say what it holds"));
    TRY_ASSIGN(const nlohmann::json answer, object(response));
    const auto key = answer.find("cacheKey"), url = answer.find("archiveLocation");
    if (key == answer.end() || !key->is_string() || url == answer.end() || !url->is_string()) return std::nullopt;
    CacheHit hit{key->get<std::string>(), url->get<std::string>()};
    const auto parsed = parse_url(hit.url);
    if (!parsed || (base_.starts_with("https:") && parsed->scheme != "https"))
      return fail(Code::kBroken, "the Actions cache names no usable address of its store", "a later job tries again");
    return hit;
  }

  Result<> store(const std::string& key, const std::string& version, int file, std::uint64_t size) override {
    HttpRequest request = prepared("caches");
    json_content(request, {{"key", key}, {"version", version}, {"cacheSize", size}});
    TRY_ASSIGN(const HttpResponse reserved, web_.ask(request));
    if (!succeeded(reserved)) return fail(cache_error(reserved, "takes no new entry"));
    TRY_ASSIGN(const nlohmann::json answer, object(reserved));
    const auto id = answer.find("cacheId");
    if (id == answer.end() || !id->is_number_unsigned() || id->get<std::uint64_t>() == 0)
      return fail(cache_error(reserved, "takes no new entry"));
    const std::string place = fmt::format("caches/{}", id->get<std::uint64_t>());
    TRY(send_pieces(file, size, BlobLimits{}, [&](std::uint64_t, std::uint64_t at, std::string bytes) {
      return patch(place, at, std::move(bytes));
    }));
    request = prepared(place);
    json_content(request, {{"size", size}});
    TRY_ASSIGN(const HttpResponse kept, web_.ask(request));
    if (!succeeded(kept)) return fail(cache_error(kept, "does not keep what was uploaded"));
    return {};
  }

 private:
  Result<> patch(const std::string& place, std::uint64_t at, std::string bytes) {
    HttpRequest request = prepared(place);
    request.method = "PATCH";
    request.timeout = kPieceTimeV1;
    request.headers.emplace_back("Content-Type", "application/octet-stream");
    request.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/*", at, at + bytes.size() - 1));
    request.content = std::make_shared<const std::string>(std::move(bytes));
    TRY_ASSIGN(const HttpResponse response, web_.ask(request));
    if (!succeeded(response)) return fail(cache_error(response, "does not take the upload"));
    return {};
  }

  HttpRequest prepared(const std::string& what) const {
    HttpRequest request;
    request.url = base_ + "_apis/artifactcache/" + what;
    request.timeout = kCallTimeV1;
    request.max_body = kAnswerMostV1;
    request.headers = {{"Accept", kAcceptV1}, {"User-Agent", agent_}};
    request.authorization = token_;
    return request;
  }
  static void json_content(HttpRequest& request, const nlohmann::json& content) {
    request.method = "POST";
    request.headers.emplace_back("Content-Type", "application/json");
    request.content = std::make_shared<const std::string>(dump_line(content));
  }
  static Result<nlohmann::json> object(const HttpResponse& response) {
    auto parsed = parse_json(response.body, 16);
    if (!parsed || !parsed->is_object())
      return fail(Code::kBroken, "the Actions cache answers what is not of the form", "a later job tries again");
    return std::move(*parsed);
  }

  const std::string base_;
  const std::shared_ptr<const SecretBytes> token_;
  Web& web_;
  const std::string agent_;
};

}  // namespace

std::unique_ptr<CacheService> cache_service_v1(const std::string& base, std::shared_ptr<const SecretBytes> token, Web& web,
                                               std::string user_agent) {
  return std::make_unique<CacheV1>(base.ends_with("/") ? base : base + "/", std::move(token), web, std::move(user_agent));
}

}  // namespace rfs
