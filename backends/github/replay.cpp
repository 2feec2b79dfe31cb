#include "backends/github/replay.h"

#include "backends/github/etag.h"
#include "backends/github/recordings.h"
#include "backends/http/url.h"
#include "base/file.h"
#include "base/json.h"

namespace rfs {

namespace {

// A name below the directory and nothing else.
bool stays_inside(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view component = path.substr(0, path.find('/'));
    if (component == ".." || component == ".") return false;
    path.remove_prefix(component.size());
  }
  return true;
}

std::string_view header_of(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (same_text(key, name)) return value;
  return {};
}

}  // namespace

Replay::Replay(std::string directory, Pool& pool) : directory_(std::move(directory)), pool_(pool) {}
Replay::~Replay() { stop(); }

bool Replay::enter() {
  auto running = running_.lock();
  if (running->stopped) return false;
  ++running->jobs;
  return true;
}

void Replay::leave() {
  auto running = running_.lock();
  if (--running->jobs == 0) idle_.notify_all();
}

void Replay::send(HttpRequest request, HttpDone done) {
  if (!enter()) return done(tl::unexpected(HttpFailure{{Code::kAborted, "the filesystem is ending", "", -1}}));
  pool_.submit([this, request = std::move(request), done = std::move(done)] {
    if (!request.may_leave || request.may_leave())
      done(answer(request));
    else
      done(tl::unexpected(HttpFailure{{Code::kLimited, "a limit was reached while the request waited", "", -1}}));
    leave();
  });
}

void Replay::after(Millis, std::function<void(bool)> fire) {
  if (!enter()) return fire(false);
  pool_.submit([this, fire = std::move(fire)] {
    fire(true);
    leave();
  });
}

void Replay::stop() {
  auto running = running_.lock();
  running->stopped = true;
  idle_.wait(running.lock(), [&] { return running->jobs == 0; });
}

HttpResult Replay::answer(const HttpRequest& request) {
  std::call_once(loaded_, [this] { recordings_ = std::make_unique<const Recordings>(Recordings::load(directory_)); });
  auto url = parse_url(request.url);
  if (!url) return tl::unexpected(HttpFailure{std::move(url.error())});
  const std::string accept(header_of(request, "accept"));
  const std::string host = url->authority(), kind = accept == "*/*" ? "bin" : kind_of_accept(accept);
  HttpResponse response;
  auto find = [&](const std::string& query) {
    if (const Recording* recording = recordings_->find(host, url->path, query, kind)) {
      response.status = recording->status;
      response.headers = recording->headers;
      response.body = recording->body;
      return true;
    }
    const std::string name = url->path.substr(1) + (query.empty() ? "" : "?" + query) + "." + kind;
    if (host != "api.github.com" || !stays_inside("/" + name) || recordings_->holds(name)) return false;
    auto body = read_file(directory_ + "/" + name, request.max_body);
    if (!body) return false;
    response.status = 200;
    response.body = std::move(*body);
    return true;
  };
  if (!find(sorted_query(url->query)) && !find(sorted_query(url->query, "per_page"))) {
    response.status = 404;
    response.body =
        "{\"message\":" +
        json_quote("nothing is recorded for GET " + url->path + (url->query.empty() ? "" : "?" + url->query)) + "}";
  }
  if (response.body.size() > request.max_body)
    return tl::unexpected(
        HttpFailure{{Code::kTooLarge,
                     "the recorded answer is larger than " + std::to_string(request.max_body) + " bytes", "", -1}});
  if (response.status == 200) {
    static const SecretBytes none;
    response.headers.set("etag", etag_of(accept, request.authorization ? *request.authorization : none, response.body));
    if (same_tag(header_of(request, "if-none-match"), response.headers.get("etag"))) {
      response.status = 304;
      response.body.clear();
    }
  }
  return response;
}

}  // namespace rfs
