// HttpClient: libcurl's multi interface on one thread. HTTP/2 over TLS with multiplexing, keep-alive, compression.
//
// libcurl takes an HTTP/2 stream that is reset with NO_ERROR in the middle of a body for one that ended, and proxies do
// reset streams so. Where neither a length nor a compressed stream's own end would show it, and the caller asks for
// that (HttpRequest::needs_end), the answer is stopped where its body begins and asked for over HTTP/1.1, whose last
// chunk libcurl insists on.
//
// The one thread owns every curl object; other threads put requests into a queue and wake it. Make it after the process
// has daemonised: the thread does not survive a fork.
#pragma once

#include <memory>
#include <string>

#include "backends/http/transport.h"

namespace rfs {

struct HttpClientOptions {
  std::string ca_file;  // --ca-file: then nothing else is trusted
  std::string
      ssl_cert_file;  // else this bundle beside the system's directory; by default SSL_CERT_FILE, read when made
  // Plain http is refused unless the base URL was given so.
  bool plain_http = false;
  unsigned max_connections = 8;  // to one host
  unsigned max_in_flight = 64;   // the rest waits in the queue
  Millis connect_timeout{10'000};
  int stalled_seconds = 20;  // no byte for that long: the answer has stopped
};

class HttpClient final : public Transport {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient() override;  // stop()
  void send(HttpRequest request, HttpDone done) override;
  void after(Millis delay, std::function<void(bool)> fire) override;
  void stop() override;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace rfs
