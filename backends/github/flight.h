// Flight: one ask of the Origin, from its question to its answer. A chain of steps, each started by the end of the one
// before it, so that only one thread at a time is inside.
//
// Which question is asked:
//   this credential's own entry     its ETag as stored; without one, its Last-Modified
//   else an entry for all           the ETag that this credential would have got, recomputed from the bytes (proof.h)
//   else                            no condition
// A 304 is believed only for the condition that was sent. Redirects are followed within it, what is transient is tried
// again (three times in all), and nothing outlives the deadline.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "backends/github/origin_parts.h"
#include "backends/github/request.h"
#include "backends/http/redirect.h"
#include "backends/tier.h"

namespace rfs {

class Flight : public std::enable_shared_from_this<Flight> {
 public:
  using Done = std::function<void(Result<std::optional<Answer>>)>;
  // As Origin::ask. `parts` outlives the call of `done`.
  static void start(const OriginParts& parts, Ask ask, Done done);

  Flight(const OriginParts& parts, Ask ask, Done done);

 private:
  enum class Question { kPlain, kOwn, kControl, kProof };

  void begin();  // any thread
  void seek_proof();
  void go_on(ProofControl::Next next);
  void prove();  // pool
  void ask_again_plainly();
  void send();
  void received(HttpResult result);  // network thread, as all below but where it says otherwise
  void control_done(const HttpResponse& response);
  void no_verdict();  // any thread: a control ends without telling anything
  void not_answered(HttpFailure failure);
  void refused(const HttpResponse& response);
  void limited(const RateLimits::Gate& gate, const HttpResponse* response, const std::string& said);
  void redirected(const HttpResponse& response);
  void unchanged(HttpResponse response);
  void confirm(const HttpResponse& response);  // pool
  void store(HttpResponse response);           // pool
  bool try_again(Millis delay);
  void fail_with(Error error, const HttpResponse* response = nullptr);
  void answer(std::shared_ptr<Entry> entry, bool changed, bool keep);

  bool may_prove() const;
  bool links_may_be_gone(const HttpResponse& response, const Entry& entry) const;
  void take_lifetime(Meta& meta, const HttpResponse& response) const;
  std::string home_path() const;
  const EntryPtr& held() const { return question_ == Question::kOwn ? ask_.own : ask_.shared; }
  Millis left() const;
  Error out_of_time() const;
  std::string place() const { return route_ ? route_->pattern : std::string(); }

  const OriginParts& parts_;
  Ask ask_;
  Done done_;
  const SteadyTime deadline_;
  IdentityPtr identity_;
  const Route* route_ = nullptr;
  std::string resource_;  // whose limit counts
  Question question_ = Question::kPlain;
  std::string tag_;    // what If-None-Match carries, "" when it carries nothing
  std::string since_;  // what If-Modified-Since carries
  Redirects redirects_;
  int tries_ = 1;
};

}  // namespace rfs
