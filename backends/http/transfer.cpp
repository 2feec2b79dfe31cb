#include "backends/http/transfer.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cstring>

#include "backends/http/url.h"
#include "base/text.h"

namespace rfs {

namespace {

// A process that this one starts must not inherit a connection to GitHub.
curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// curl's text, as ours: lower case, no full stop, no control bytes. It names hosts and reasons, never a header.
std::string sentence(const char* text) {
  std::string out;
  for (const char* c = text; *c && out.size() < 200; ++c) out += static_cast<unsigned char>(*c) < 0x20 ? ' ' : *c;
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.pop_back();
  if (out.size() > 1 && out[0] >= 'A' && out[0] <= 'Z' && !(out[1] >= 'A' && out[1] <= 'Z'))
    out[0] = static_cast<char>(out[0] + 32);
  return out;
}

}  // namespace

Transfer::Transfer(HttpRequest request, HttpDone done)
    : request_(std::move(request)),
      done_(std::move(done)),
      deadline_(std::chrono::steady_clock::now() + request_.timeout) {}

CURL* Transfer::start(const HttpClientOptions& options, CURLSH* share) {
  easy_.reset(curl_easy_init());
  CURL* easy = easy_.get();
  if (!easy) return nullptr;
  const bool tls = request_.url.starts_with("https:");
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, options.plain_http ? "https,http" : "https");
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   static_cast<long>(http1_only_ ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  // Rather a stream of a connection that is just being made than one more connection. Plain http cannot multiplex.
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, tls && !http1_only_ ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // A proxy of the environment is for https, where it sees no content.
  if (!tls) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  if (!options.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  } else if (!options.ssl_cert_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ssl_cert_file.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SHARE, share);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Else a resolver that does not answer keeps the removal of its request, and with it this thread, for seconds.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stalled_seconds));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, text_.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  if (!request_.method.empty()) set_content();
  set_headers();
  return easy;
}

void Transfer::set_content() {
  CURL* easy = easy_.get();
  static const std::string nothing;
  const std::string& content = request_.content ? *request_.content : nothing;
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(content.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, content.data());  // not copied: request_ holds it
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void Transfer::set_headers() {
  const auto add = [this](const std::string& line) {
    if (curl_slist* list = curl_slist_append(headers_.get(), line.c_str())) {
      (void)headers_.release();
      headers_.reset(list);
    }
  };
  for (const auto& [name, value] : request_.headers) add(name + ": " + value);
  // Not CURLOPT_ACCEPT_ENCODING: libcurl would decode, and not notice a stream that stops early (decode.h).
  if (!request_.no_coding) add("Accept-Encoding: " + std::string(offered_codings()));
  if (!request_.method.empty()) add("Expect:");  // curl would wait a second for a leave that few servers give
  curl_slist* list = headers_.get();
  if (request_.authorization && !request_.authorization->empty()) {
    constexpr std::string_view kName = "Authorization: ";
    const BytesView value = request_.authorization->reveal();
    authorization_ = SecretBytes(kName.size() + value.size() + 1);
    std::uint8_t* at = authorization_.reveal_mutable().data();
    std::memcpy(at, kName.data(), kName.size());
    std::memcpy(at + kName.size(), value.data(), value.size());
    // curl only reads the list: a node of our own keeps the secret out of curl's copies.
    authorization_node_ = {reinterpret_cast<char*>(at), list};
    list = &authorization_node_;
  }
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, list);
}

bool Transfer::stops(Cut why) {
  cut_ = why;
  return false;
}

bool Transfer::take_header(std::string_view line) {
  if (in_body_) return true;  // a trailer: of no use here
  if (line.starts_with("HTTP/")) {
    response_.headers.clear();
    http2_ = line.starts_with("HTTP/2");
    const auto space = line.find(' ');
    response_.status =
        space == std::string_view::npos ? 0 : static_cast<int>(parse_count(line.substr(space + 1, 3)).value_or(0));
    return true;
  }
  if (!trimmed(line).empty()) return response_.headers.add_line(line) || stops(Cut::kBadHeader);
  if (response_.status < 200) return true;  // 1xx: the answer is yet to come
  in_body_ = true;
  return begin_body();
}

bool Transfer::begin_body() {
  const HeaderList& headers = response_.headers;
  if (request_.skip_ok_body && response_.status == 200) return stops(Cut::kSkipped);
  const auto length = parse_count(headers.get("content-length"));
  if (length && static_cast<std::uint64_t>(*length) > request_.max_body) return stops(Cut::kTooLarge);
  // We asked for no transfer coding; libcurl would take a compressed one off, with the same blindness for its end.
  if (headers.has("transfer-encoding") && !same_text(headers.all("transfer-encoding"), "chunked"))
    return stops(Cut::kBadCoding);
  auto decoder = make_decoder(headers.all("content-encoding"));
  if (!decoder) return stops(Cut::kBadCoding);
  decoder_ = std::move(*decoder);
  if (request_.needs_end && response_.status == 200 && http2_ && !length && !decoder_) return stops(Cut::kNoEnd);
  if (length && !decoder_ && !request_.sink) response_.body.reserve(static_cast<std::size_t>(*length));
  return true;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Transfer*>(self)->take_header({data, size * count}) ? size * count : 0;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view piece(data, size * count);
  std::string& body = transfer.response_.body;
  const std::uint64_t most = transfer.request_.max_body;
  if (transfer.request_.sink && transfer.response_.status >= 200 && transfer.response_.status < 300) {
    if (transfer.decoder_) return transfer.stops(Cut::kBadCoding), 0;
    transfer.sunk_ += piece.size();
    if (transfer.sunk_ > most) return transfer.stops(Cut::kTooLarge), 0;
    return transfer.request_.sink(piece) ? piece.size() : (transfer.stops(Cut::kSink), 0);
  }
  if (transfer.decoder_) {
    if (auto added = transfer.decoder_->add(piece, body, most); !added)
      return transfer.stops(added.error().code == Code::kTooLarge ? Cut::kTooLarge : Cut::kBadCoding), 0;
  } else {
    if (body.size() + piece.size() > most) return transfer.stops(Cut::kTooLarge), 0;
    body.append(piece);
  }
  return piece.size();
}

bool Transfer::again_over_http1() {
  if (cut_ != Cut::kNoEnd || http1_only_) return false;
  http1_only_ = true;
  cut_ = Cut::kNo;
  in_body_ = false;
  response_ = HttpResponse();
  text_.fill('\0');
  easy_.reset();  // before the list that it points to
  headers_.reset();
  return true;
}

// A whole message may carry half of a compressed stream. Of what is no success only the status counts.
bool Transfer::is_cut_short() const {
  if (!decoder_ || decoder_->ended() || response_.status == 204 || response_.status >= 300) return false;
  return cut_ != Cut::kSkipped && response_.headers.get("content-length") != "0";
}

HttpFailure Transfer::failure(CURLcode code) const {
  const std::string detail = sentence(text_[0] ? text_.data() : curl_easy_strerror(code));
  const std::string where = redacted_url(request_.url);
  curl_off_t connected = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &connected);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
      return {{Code::kUnreachable, detail, "check the network, the proxy settings and GITHUB_API_URL"}, true};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return {{Code::kUnreachable, "no trusted connection to " + where + ": " + detail,
               "if the server has a certificate of your own authority, name that with --ca-file or SSL_CERT_FILE"}};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_USE_SSL_FAILED:
      return {{Code::kUnreachable, "no TLS connection to " + where + ": " + detail,
               "check that the address speaks https and that nothing in between answers for it"},
              true};
    case CURLE_OPERATION_TIMEDOUT:
      if (connected == 0)
        return {{Code::kUnreachable, "no connection to " + where + ": " + detail,
                 "check the network and the proxy settings"}};
      return {{Code::kTimeout, "the answer of " + where + " has stopped: " + detail, "try again"}};
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      if (response_.status == 0)
        return {{Code::kUnreachable, "the connection to " + where + " ended without an answer: " + detail, "try again"},
                true};
      [[fallthrough]];
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return {{Code::kBroken, "the answer of " + where + " broke off: " + detail, "try again"}, true};
    default:
      return {{Code::kBroken, "no usable answer of " + where + ": " + detail, "check GITHUB_API_URL"}};
  }
}

void Transfer::finish(CURLcode code) {
  HttpDone done = std::move(done_);
  if (cut_ == Cut::kTooLarge)
    return done(tl::unexpected(
        HttpFailure{{Code::kTooLarge, "the answer is larger than " + std::to_string(request_.max_body) + " bytes",
                     "raise max_object_size if you need it"}}));
  if (cut_ == Cut::kBadHeader)
    return done(tl::unexpected(HttpFailure{{Code::kBroken, "the answer's headers are malformed or too many",
                                            "check what stands between here and the server"}}));
  if (cut_ == Cut::kBadCoding)
    return done(tl::unexpected(HttpFailure{
        {Code::kBroken, "the answer of " + redacted_url(request_.url) + " does not decompress", "try again"}, true}));
  if (cut_ == Cut::kSink)
    return done(tl::unexpected(
        HttpFailure{{Code::kNoSpace, "the answer of " + redacted_url(request_.url) + " cannot be kept", ""}}));
  if (code != CURLE_OK && cut_ != Cut::kSkipped) return done(tl::unexpected(failure(code)));
  if (is_cut_short())
    return done(tl::unexpected(HttpFailure{
        {Code::kBroken, "the answer of " + redacted_url(request_.url) + " broke off within its compressed body",
         "try again"},
        true}));
  response_.end_known = (http2_ && decoder_) || response_.headers.has("content-length") ||
                        response_.headers.has("transfer-encoding") || response_.status == 204 ||
                        response_.status == 304;
  done(std::move(response_));
}

void Transfer::time_out() {
  HttpDone done = std::move(done_);
  const std::string where = redacted_url(request_.url);
  const std::string what = !easy_     ? "no connection was free for "
                           : in_body_ ? "not the whole answer came in time from "
                                      : "no answer came in time from ";
  done(tl::unexpected(
      HttpFailure{{Code::kTimeout, what + where, "try again, or give it longer with --origin-timeout"}}));
}

void Transfer::refuse() {
  HttpDone done = std::move(done_);
  done(tl::unexpected(HttpFailure{{Code::kLimited, "a limit was reached while the request waited", ""}}));
}

void Transfer::abort() {
  HttpDone done = std::move(done_);
  done(tl::unexpected(HttpFailure{{Code::kAborted, "the filesystem is ending", ""}}));
}

}  // namespace rfs
