// Version 2 of the cache service: twirp with JSON bodies. Facts and their sources: runnerfs-formats(7), "SNAPSHOTS".
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "backends/actions/blob.h"
#include "backends/actions/cache_service.h"
#include "backends/http/url.h"
#include "base/json.h"

namespace rfs {
namespace {

constexpr const char* kServicePath = "/twirp/github.actions.results.api.v1.CacheService/";
constexpr Millis kCallTime{30'000};
constexpr std::size_t kAnswerMost = 256u << 10, kUrlMost = 16u << 10;
constexpr int kFinalizeTries = 4;

std::string member(const nlohmann::json& document, const char* name) {
  const auto at = document.find(name);
  return at != document.end() && at->is_string() ? at->get<std::string>() : "";
}

bool said_yes(const nlohmann::json& document) {
  const auto at = document.find("ok");
  return at != document.end() && at->is_boolean() && at->get<bool>();
}

class CacheV2 final : public CacheService {
 public:
  CacheV2(std::string origin, std::shared_ptr<const SecretBytes> token, Web& web, std::string agent)
      : origin_(std::move(origin)), token_(std::move(token)), web_(web), agent_(std::move(agent)) {}

  Result<std::optional<CacheHit>> find(const CacheKeys& keys) override {
    nlohmann::json want{{"key", keys.key}, {"restore_keys", keys.restore_keys}, {"version", keys.version}};
    TRY_ASSIGN(const HttpResponse response, call("GetCacheEntryDownloadURL", want));
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) return fail(cache_error(response, "does not say what it holds"));
    TRY_ASSIGN(const nlohmann::json answer, document(response));
    if (!said_yes(answer)) return std::nullopt;
    CacheHit hit{member(answer, "matched_key"), member(answer, "signed_download_url")};
    TRY(check_url(hit.url));
    return hit;
  }

  Result<> store(const std::string& key, const std::string& version, int file, std::uint64_t size) override {
    TRY_ASSIGN(const HttpResponse reserved, call("CreateCacheEntry", {{"key", key}, {"version", version}}));
    if (reserved.status != 200) return fail(cache_error(reserved, "takes no new entry"));
    TRY_ASSIGN(const nlohmann::json answer, document(reserved));
    if (!said_yes(answer)) return fail(cache_error(reserved, "takes no new entry"));
    const std::string url = member(answer, "signed_upload_url");
    TRY(check_url(url));
    TRY(upload_blob(web_, url, file, size));
    return finalize(key, version, size);
  }

 private:
  // It may not have heard yet of what its own store has.
  Result<> finalize(const std::string& key, const std::string& version, std::uint64_t size) {
    nlohmann::json want{{"key", key}, {"version", version}, {"size_bytes", std::to_string(size)}};
    for (int tried = 1;; ++tried) {
      TRY_ASSIGN(const HttpResponse response, call("FinalizeCacheEntryUpload", want));
      if (response.status == 200) {
        TRY_ASSIGN(const nlohmann::json answer, document(response));
        if (said_yes(answer)) return {};
        return fail(cache_error(response, "does not keep what was uploaded"));
      }
      if (response.status != 404 || tried >= kFinalizeTries)
        return fail(cache_error(response, "does not keep what was uploaded"));
      std::this_thread::sleep_for(std::chrono::milliseconds(200u << tried));
    }
  }

  Result<HttpResponse> call(const char* method, const nlohmann::json& want) {
    HttpRequest request;
    request.url = origin_ + kServicePath + method;
    request.method = "POST";
    request.timeout = kCallTime;
    request.max_body = kAnswerMost;
    request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}, {"User-Agent", agent_}};
    request.authorization = token_;
    request.content = std::make_shared<const std::string>(dump_line(want));
    return web_.ask(request);
  }

  static Result<nlohmann::json> document(const HttpResponse& response) {
    auto parsed = parse_json(response.body, 16);
    if (!parsed || !parsed->is_object())
      return fail(Code::kBroken, "the Actions cache answers what is not of the form", "a later job tries again");
    return std::move(*parsed);
  }

  // An https service does not send anybody elsewhere in clear.
  Result<> check_url(const std::string& text) const {
    const auto url = text.size() <= kUrlMost ? parse_url(text) : fail(Code::kInvalid, "");
    if (!url || (origin_.starts_with("https:") && url->scheme != "https"))
      return fail(Code::kBroken, "the Actions cache names no usable address of its store", "a later job tries again");
    return {};
  }

  const std::string origin_;
  const std::shared_ptr<const SecretBytes> token_;
  Web& web_;
  const std::string agent_;
};

}  // namespace

std::unique_ptr<CacheService> cache_service_v2(const std::string& base, std::shared_ptr<const SecretBytes> token, Web& web,
                                               std::string user_agent) {
  const auto url = parse_url(base);  // any path in it is dropped, as the runner's own client does
  const std::string origin = url ? url->scheme + "://" + url->authority() : base;
  return std::make_unique<CacheV2>(origin, std::move(token), web, std::move(user_agent));
}

}  // namespace rfs
