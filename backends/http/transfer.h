// Transfer: one request on one curl easy handle, from its options to its result. Belongs to the network thread once it
// has been started.
#pragma once

#include <curl/curl.h>

#include <array>
#include <string>

#include "backends/http/client.h"
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
  // Calls `done`: what curl's verdict means. REQUIRES: the handle has been taken out of the multi handle.
  void finish(CURLcode code);
  // Call `done` with the failure of a request that ran out of time, may not leave, or is ended by stop().
  void time_out();
  void refuse();
  void abort();

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  bool take_header(std::string_view line);
  void set_headers();
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
  bool in_body_ = false;
  enum class Cut { kNo, kSkipped, kTooLarge, kBadHeader } cut_ = Cut::kNo;
  Handle<CURL, curl_easy_cleanup> easy_;
};

}  // namespace rfs
