// A transport that answers what a test says, at once and on the caller's thread.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "backends/http/transport.h"

namespace rfs::test {

class Script final : public Transport {
 public:
  using Answer = std::function<HttpResult(const HttpRequest&)>;
  explicit Script(Answer answer) : answer_(std::move(answer)) {}

  void send(HttpRequest request, HttpDone done) override {
    {
      const std::lock_guard lock(mutex_);
      asked.push_back({request.method.empty() ? "GET" : request.method, request.url, header(request, "Range"),
                       request.authorization ? std::string(request.authorization->reveal_text()) : "",
                       request.content ? *request.content : ""});
    }
    HttpResult result = answer_(request);
    if (result && request.sink && result->status >= 200 && result->status < 300) {
      if (result->body.size() > request.max_body)
        return done(tl::unexpected(HttpFailure{{Code::kTooLarge, "too large", ""}}));
      request.sink(result->body);
      result->body.clear();
      // "X-Cut": what came was not all.
      if (result->headers.has("x-cut")) result = tl::unexpected(HttpFailure{{Code::kBroken, "it broke off", ""}, true});
    }
    done(std::move(result));
  }
  void after(Millis, std::function<void(bool)> fire) override { fire(true); }
  void stop() override {}

  struct Asked {
    std::string method, url, range, authorization, content;
  };
  std::vector<Asked> asked;

  static std::string header(const HttpRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers)
      if (same_text(key, name)) return value;
    return {};
  }

 private:
  const Answer answer_;
  std::mutex mutex_;
};

inline HttpResponse says(int status, std::string body = {}, std::vector<std::pair<std::string, std::string>> headers = {}) {
  HttpResponse out;
  out.status = status;
  out.body = std::move(body);
  for (const auto& [name, value] : headers) out.headers.set(name, value);
  return out;
}

// No waiting in tests.
inline Patience impatient() { return {3, 0.001, 1}; }

}  // namespace rfs::test
