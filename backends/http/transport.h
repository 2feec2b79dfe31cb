// Transport: sends one request and brings back its answer. libcurl (client.h) and recorded answers (github/replay.h) are
// its implementations. It follows no redirect, retries nothing, judges no status.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/http/headers.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace rfs {

struct HttpRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // never Authorization
  // The Authorization header's value; null or empty: none is sent. Shared with the identity that it belongs to.
  std::shared_ptr<const SecretBytes> authorization;
  std::uint64_t max_body = 100u << 20;  // decoded bytes
  Millis timeout{30'000};               // from now until the answer is whole, time in the queue included
  // Asked once, on a thread of the transport, when the request is about to leave; it may have waited long for that.
  // False: it is not sent, and ends with kLimited. Empty: it may.
  std::function<bool()> may_leave;
  // Nothing in the content says where it ends, so that the message has to: a 200 over HTTP/2 without a length is asked
  // for once more over HTTP/1.1 (client.h says why).
  bool needs_end = false;
  bool skip_ok_body = false;  // the body of a 200 is of no interest: stop where it begins
  // Not a GET: the method, and what is sent with it. Only the Actions cache and the registry of peers are written to;
  // api/ never sends any.
  std::string method;
  std::shared_ptr<const std::string> content;
  bool no_coding = false;  // a piece of a file (Range): no content coding is offered
  // Takes the body of a 2xx piece by piece, on the thread of the transport, instead of HttpResponse::body; false ends it.
  std::function<bool(std::string_view)> sink;
};

struct HttpResponse {
  int status = 0;
  HeaderList headers;  // of the final answer; no trailers
  std::string body;    // decoded
  // The end of the body was told (length, last chunk, end of a compressed stream), not just by an end of the connection
  // or of the HTTP/2 stream.
  bool end_known = true;
};

// Why there is no answer: kUnreachable, kTimeout, kBroken (it broke off), kTooLarge, kLimited (may_leave), kAborted.
struct HttpFailure {
  Error error;
  bool transient = false;  // the same request may well succeed when sent again
};

using HttpResult = tl::expected<HttpResponse, HttpFailure>;
using HttpDone = std::function<void(HttpResult)>;

class Transport {
 public:
  virtual ~Transport() = default;
  // Never blocks. `done` is called exactly once, on a thread of the transport or, after stop(), on the caller's; at the
  // latest when the timeout is over. It must neither block nor throw; it may call send and after.
  virtual void send(HttpRequest request, HttpDone done) = 0;
  // Calls fire(true) after the delay, or fire(false) at once when the transport is stopped. The same threads.
  virtual void after(Millis delay, std::function<void(bool)> fire) = 0;
  // Ends everything under way with kAborted; when it returns no callback runs any longer. Idempotent. Not from a
  // callback.
  virtual void stop() = 0;
};

}  // namespace rfs
