#include "backends/github/flight.h"

#include <algorithm>
#include <atomic>

#include "backends/github/etag.h"
#include "backends/github/retry.h"
#include "backends/github/verdict.h"
#include "base/time.h"

namespace rfs {

namespace {

constexpr int kMostTries = 3;

SteadyTime deadline_of(const OriginParts& parts, const Ask& ask) {
  const SteadyTime ours = parts.clock.steady() + parts.options.timeout;
  return ask.deadline == SteadyTime{} ? ours : std::min(ours, ask.deadline);
}

std::string url_of(const std::string& base, const ApiRequest& request) {
  return base + request.path + (request.query.empty() ? "" : "?" + request.query);
}

}  // namespace

void Flight::start(const OriginParts& parts, Ask ask, Done done) {
  std::make_shared<Flight>(parts, std::move(ask), std::move(done))->begin();
}

Flight::Flight(const OriginParts& parts, Ask ask, Done done)
    : parts_(parts),
      ask_(std::move(ask)),
      done_(std::move(done)),
      deadline_(deadline_of(parts, ask_)),
      redirects_(url_of(parts.base_url, *ask_.request)) {}

Millis Flight::left() const { return std::chrono::floor<Millis>(deadline_ - parts_.clock.steady()); }

void Flight::begin() {
  auto identity = parts_.identities.current();
  if (!identity) return fail_with(std::move(identity.error()));
  identity_ = std::move(*identity);
  route_ = parts_.routes.find(ask_.request->path);
  resource_ = parts_.limits.resource(place(), ask_.request->path);
  // The token may have changed since the caller looked: what another one got is no condition for this one.
  if (ask_.own && ask_.own->key.partition != identity_->partition) ask_.own = nullptr;
  if (ask_.own && !ask_.own->meta.etag.empty()) {
    question_ = Question::kOwn;
    tag_ = ask_.own->meta.etag;
  } else if (ask_.own && !ask_.own->meta.last_modified.empty()) {
    question_ = Question::kOwn;
    since_ = ask_.own->meta.last_modified;
  } else if (may_prove()) {
    return seek_proof();
  }
  send();
}

bool Flight::may_prove() const {
  return !ask_.own && ask_.shared && ask_.shared->body->size() <= parts_.options.max_object_size;
}

void Flight::seek_proof() {
  // Whoever comes first, the verdict of another flight's control or the deadline.
  auto claimed = std::make_shared<std::atomic<bool>>(false);
  auto self = shared_from_this();
  const auto next = parts_.proof.next(identity_->partition, [self, claimed](ProofControl::Next verdict) {
    if (!claimed->exchange(true)) self->go_on(verdict);
  });
  if (next != ProofControl::Next::kWait) return go_on(next);
  // Weak: whoever keeps the verdict keeps this flight, not a timer that outlives it.
  parts_.transport.after(left(), [weak = weak_from_this(), claimed](bool fired) {
    auto late = weak.lock();
    if (!late || claimed->exchange(true)) return;
    late->fail_with(fired ? late->out_of_time() : Error{Code::kAborted, "the filesystem is ending", "", -1});
  });
}

Error Flight::out_of_time() const {
  return {Code::kTimeout, "no answer came in time from " + parts_.who,
          "try again, or give it longer with --origin-timeout", -1};
}

void Flight::go_on(ProofControl::Next next) {
  switch (next) {
    case ProofControl::Next::kProve:
      return parts_.pool.submit([self = shared_from_this()] { self->prove(); });
    case ProofControl::Next::kControl:
      question_ = Question::kControl;
      tag_ = random_tag();
      return send();
    default:
      return ask_again_plainly();
  }
}

void Flight::prove() {
  auto tag = etag_of(ask_.request->accept, identity_->authorization, *ask_.shared->body);
  if (!tag) return ask_again_plainly();  // the bytes cannot be read: fetch them anew
  question_ = Question::kProof;
  tag_ = std::move(*tag);
  send();
}

void Flight::ask_again_plainly() {
  question_ = Question::kPlain;
  tag_.clear();
  since_.clear();
  redirects_ = Redirects(url_of(parts_.base_url, *ask_.request));
  send();
}

void Flight::send() {
  const Millis time = left();
  if (time <= Millis(0)) return fail_with(out_of_time());
  const bool home = redirects_.at_home();
  HttpRequest request;
  request.url = redirects_.url();
  request.timeout = time;
  request.max_body = parts_.options.max_object_size;
  request.needs_end = !is_json(*ask_.request);
  request.skip_ok_body = question_ == Question::kControl;
  request.headers.emplace_back("User-Agent", parts_.options.user_agent);
  request.headers.emplace_back("Accept", home ? ask_.request->accept : "*/*");
  if (home) {
    if (auto gate = parts_.limits.gate(identity_->partition, resource_)) return limited(*gate, nullptr, {});
    request.headers.emplace_back("X-GitHub-Api-Version", kApiVersion);
    if (!tag_.empty()) request.headers.emplace_back("If-None-Match", tag_);
    if (!since_.empty()) request.headers.emplace_back("If-Modified-Since", since_);
    request.authorization = {identity_, &identity_->authorization};
    // Those that queued up behind a full client must not leave once an answer has closed the gate.
    request.may_leave = [self = shared_from_this()] {
      if (self->parts_.limits.gate(self->identity_->partition, self->resource_)) return false;
      self->parts_.counters.add(Counter::kApiCallsMade);
      return true;
    };
  }
  parts_.transport.send(std::move(request),
                        [self = shared_from_this()](HttpResult result) { self->received(std::move(result)); });
}

void Flight::received(HttpResult result) {
  if (!result) return not_answered(std::move(result.error()));
  HttpResponse& response = *result;
  const int status = response.status;
  if (redirects_.at_home())
    parts_.limits.note(identity_->partition, place(), ask_.request->path, response.headers,
                       status == 304 || (status >= 200 && status < 300));
  if (is_redirect(status)) return redirected(response);
  if (question_ == Question::kControl) return control_done(response);
  if (status == 304) return unchanged(std::move(response));
  if (status == 200 || status == 204)
    return parts_.pool.submit([self = shared_from_this(), kept = std::make_shared<HttpResponse>(std::move(response))] {
      self->store(std::move(*kept));
    });
  refused(response);
}

void Flight::control_done(const HttpResponse& response) {
  using Outcome = ProofControl::Outcome;
  const int status = response.status;
  const bool told = redirects_.at_home() && (status == 200 || status == 304 || status == 404);
  const Outcome outcome = !told ? Outcome::kUnknown : status == 304 ? Outcome::kLies : Outcome::kGood;
  question_ = Question::kPlain;
  tag_.clear();
  parts_.proof.finished(identity_->partition, outcome);
  if (outcome == Outcome::kGood && status == 200) {
    redirects_ = Redirects(url_of(parts_.base_url, *ask_.request));
    return go_on(ProofControl::Next::kProve);
  }
  if (status == 304 || (status >= 200 && status < 300)) return ask_again_plainly();
  refused(response);
}

// Those who wait for this control must not wait for nothing.
void Flight::no_verdict() {
  if (question_ != Question::kControl) return;
  question_ = Question::kPlain;
  tag_.clear();
  parts_.proof.finished(identity_->partition, ProofControl::Outcome::kUnknown);
}

// The REST path that a redirect within the API led to, "" beyond it.
std::string Flight::home_path() const {
  std::string_view url = redirects_.url();
  if (!redirects_.at_home() || !url.starts_with(parts_.base_url + "/")) return {};
  url.remove_prefix(parts_.base_url.size());
  return std::string(url.substr(0, url.find('?')));
}

void Flight::redirected(const HttpResponse& response) {
  auto followed = redirects_.follow(response.headers.get("location"));
  if (!followed) return fail_with(std::move(followed.error()), &response);
  if (const std::string path = home_path(); !path.empty() && parts_.routes.denied(path))
    return fail_with({Code::kDenied, "api.deny forbids " + path + ", where it has moved",
                      "see `runnerfs config` for the list; a repository by number may be any that it names", -1},
                     &response);
  send();
}

void Flight::not_answered(HttpFailure failure) {
  no_verdict();
  if (failure.error.code == Code::kLimited)
    if (auto gate = parts_.limits.gate(identity_->partition, resource_)) return limited(*gate, nullptr, {});
  if (failure.transient && try_again(quick_delay(tries_))) return;
  // It broke off, and there was no time to ask again: for the reader time ran out.
  if (failure.error.code == Code::kBroken && left() <= Millis(0)) failure.error.code = Code::kTimeout;
  fail_with(std::move(failure.error));
}

void Flight::refused(const HttpResponse& response) {
  const Said said = what_it_said(response.body);
  const bool home = redirects_.at_home();
  switch (home ? limit_of(response, said) : Limit::kNone) {
    case Limit::kPrimary:
      return limited(parts_.limits.primary(identity_->partition, resource_, response.headers), &response, said.message);
    case Limit::kSecondary:
      return limited(parts_.limits.secondary(identity_->partition, response.headers), &response, said.message);
    case Limit::kNone:
      break;
  }
  if (worth_another_try(response.status) && try_again(patient_delay(tries_, response.headers, parts_.clock.wall())))
    return;
  const std::string who = home ? parts_.who : redacted_url(redirects_.url());
  fail_with(error_of(response, said, who, identity_->origin), &response);
}

void Flight::limited(const RateLimits::Gate& gate, const HttpResponse* response, const std::string& said) {
  std::string message =
      gate.secondary ? "secondary rate limit of " + parts_.who : "rate limit of " + parts_.who + " for " + resource_;
  if (!said.empty()) message += ": " + said;
  std::string hint = "nothing is asked before " + rfc3339(gate.until);
  if (identity_->token.empty()) hint += "; with a token the limit is higher: set GITHUB_TOKEN";
  parts_.counters.add(Counter::kRateLimited);
  fail_with({Code::kLimited, std::move(message), std::move(hint), -1}, response);
}

bool Flight::try_again(Millis delay) {
  if (tries_ >= kMostTries || delay >= left()) return false;
  ++tries_;
  parts_.counters.add(Counter::kRetries);
  // From the start: a signed address that a redirect led to may have expired meanwhile.
  redirects_ = Redirects(url_of(parts_.base_url, *ask_.request));
  parts_.transport.after(delay, [self = shared_from_this()](bool fired) {
    if (fired) return self->send();
    self->fail_with({Code::kAborted, "the filesystem is ending", "", -1});
  });
  return true;
}

void Flight::fail_with(Error error, const HttpResponse* response) {
  no_verdict();
  if (error.code != Code::kAborted) {
    std::deque<std::pair<std::string, std::string>> details;
    if (response) {
      details.emplace_back("status", std::to_string(response->status));
      if (auto id = response->headers.get("x-github-request-id"); !id.empty())
        details.emplace_back("request_id", id.substr(0, 100));
    }
    parts_.errors.add("api/" + ask_.request->display, error, details);
    if (error.code != Code::kNotFound && error.code != Code::kLimited) parts_.counters.add(Counter::kOriginErrors);
  }
  auto done = std::move(done_);
  done(tl::unexpected(std::move(error)));
}

}  // namespace rfs
