// Transfer: one request on one curl easy handle, from its options to its result. Belongs to the network thread once it
// has been started.
#pragma once

#include <curl/curl.h>

#include <array>
#include <string>

#include "backends/http/client.h"
#include "backends/http/decode.h"
#include "backends/http/transport.h"
#include "base/handle.h"

namespace rfs {

class Transfer {
 public:
  Transfer(HttpRequest request, HttpDone done);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  SteadyTime deadline() const { return deadline_; }
  bool may_leave() const { return !request_.may_leave || request_.may_leave(); }
  // The easy handle with every option set, ready for curl_multi_add_handle; null when curl has no memory.
  CURL* start(const HttpClientOptions& options, CURLSH* share);
  CURL* handle() const { return easy_.get(); }
  // True: it ended because its end could not have been told; start() it once more, then over HTTP/1.1.
  bool again_over_http1();
  // Calls `done`: what curl's verdict means. REQUIRES: the handle has been taken out of the multi handle.
  void finish(CURLcode code);
  // Call `done` with the failure of a request that ran out of time, may not leave, or is ended by stop().
  void time_out();
  void refuse();
  void abort();

 private:
  enum class Cut { kNo, kSkipped, kTooLarge, kBadHeader, kBadCoding, kNoEnd, kSink };

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  bool take_header(std::string_view line);
  bool begin_body();
  bool stops(Cut why);
  bool is_cut_short() const;
  void set_headers();
  void set_content();
  HttpFailure failure(CURLcode code) const;

  HttpRequest request_;
  HttpDone done_;
  const SteadyTime deadline_;

  // Declared before easy_, which points into them until it is destroyed.
  SecretBytes authorization_;  // "Authorization: …\0": the list node that curl reads, in memory that is wiped
  Handle<curl_slist, curl_slist_free_all> headers_;
  curl_slist authorization_node_{};
  std::array<char, CURL_ERROR_SIZE> text_{};
  HttpResponse response_;
  bool in_body_ = false, http2_ = false;
  std::uint64_t sunk_ = 0;  // bytes that the sink was given
  bool http1_only_ = false;
  std::unique_ptr<Decoder> decoder_;  // null: the body comes as it is
  Cut cut_ = Cut::kNo;                // why we ended it ourselves
  Handle<CURL, curl_easy_cleanup> easy_;
};

}  // namespace rfs
