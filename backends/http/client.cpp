#include "backends/http/client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>

#include <cstdlib>
#include <deque>
#include <map>
#include <thread>
#include <unordered_map>

#include "backends/http/transfer.h"
#include "base/log.h"
#include "base/sync.h"

namespace rfs {

class HttpClient::Loop {
 public:
  explicit Loop(HttpClientOptions options) : options_(std::move(options)) {
    if (const char* file = std::getenv("SSL_CERT_FILE"); file && options_.ssl_cert_file.empty())
      options_.ssl_cert_file = file;
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_.reset(ready == CURLE_OK ? curl_multi_init() : nullptr);
    share_.reset(curl_share_init());
    if (!multi_ || !share_) {
      log(Level::kError, "libcurl does not start: every request will fail");
      state_.lock()->stopping = true;
      return;
    }
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options_.max_connections));
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_connections));
    // TLS sessions are kept by easy handles unless shared; only this thread uses the share, so it needs no locks.
    curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    // Signals are for the threads that expect them; here SIGPIPE must stay an EPIPE.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(thread_.native_handle(), "rfs-http");
  }

  void send(std::unique_ptr<Transfer> transfer) {
    {
      auto state = state_.lock();
      if (!state->stopping) {
        state->arrived.push_back(std::move(transfer));
      }
    }
    if (transfer) return transfer->abort();
    curl_multi_wakeup(multi_.get());
  }

  void after(Millis delay, std::function<void(bool)> fire) {
    const SteadyTime when = std::chrono::steady_clock::now() + delay;
    {
      auto state = state_.lock();
      if (!state->stopping) {
        state->timers.emplace(when, std::move(fire));
        fire = nullptr;
      }
    }
    if (fire) return fire(false);
    curl_multi_wakeup(multi_.get());
  }

  void stop() {
    state_.lock()->stopping = true;
    if (!thread_.joinable()) return;
    curl_multi_wakeup(multi_.get());
    thread_.join();
  }

 private:
  using Timers = std::multimap<SteadyTime, std::function<void(bool)>>;
  struct State {
    std::vector<std::unique_ptr<Transfer>> arrived;
    Timers timers;
    bool stopping = false;
  };

  void run() {
    while (take_arrived()) {
      start_waiting();
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      finish_done();
      end_late();
      fire_timers();
      curl_multi_poll(multi_.get(), nullptr, 0, wait_ms(), nullptr);
    }
    abort_all();
  }

  // False: stop.
  bool take_arrived() {
    auto state = state_.lock();
    for (auto& transfer : state->arrived) {
      next_deadline_ = std::min(next_deadline_, transfer->deadline());
      waiting_.push_back(std::move(transfer));
    }
    state->arrived.clear();
    timers_.merge(state->timers);
    return !state->stopping;
  }

  void start_waiting() {
    while (!waiting_.empty() && active_.size() < options_.max_in_flight) {
      auto transfer = std::move(waiting_.front());
      waiting_.pop_front();
      if (!transfer->may_leave()) {
        transfer->refuse();
        continue;
      }
      CURL* easy = transfer->start(options_, share_.get());
      if (!easy || curl_multi_add_handle(multi_.get(), easy) != CURLM_OK)
        transfer->finish(CURLE_OUT_OF_MEMORY);
      else
        active_.emplace(easy, std::move(transfer));
    }
  }

  std::unique_ptr<Transfer> take_out(CURL* easy) {
    curl_multi_remove_handle(multi_.get(), easy);
    auto node = active_.extract(easy);
    return node ? std::move(node.mapped()) : nullptr;
  }

  void finish_done() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      auto transfer = take_out(message->easy_handle);
      if (!transfer) continue;
      if (transfer->again_over_http1())
        waiting_.push_front(std::move(transfer));
      else
        transfer->finish(code);
    }
  }

  void end_late() {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < next_deadline_) return;
    std::vector<std::unique_ptr<Transfer>> late;
    next_deadline_ = SteadyTime::max();
    for (auto it = active_.begin(); it != active_.end();) {
      Transfer& transfer = *(it++)->second;
      if (transfer.deadline() <= now)
        late.push_back(take_out(transfer.handle()));
      else
        next_deadline_ = std::min(next_deadline_, transfer.deadline());
    }
    std::deque<std::unique_ptr<Transfer>> waiting;
    for (auto& transfer : waiting_) {
      if (transfer->deadline() > now) next_deadline_ = std::min(next_deadline_, transfer->deadline());
      (transfer->deadline() <= now ? static_cast<void>(late.push_back(std::move(transfer)))
                                   : static_cast<void>(waiting.push_back(std::move(transfer))));
    }
    waiting_ = std::move(waiting);
    for (auto& transfer : late) transfer->time_out();
  }

  void fire_timers() {
    while (!timers_.empty() && timers_.begin()->first <= std::chrono::steady_clock::now()) {
      auto fire = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      fire(true);
    }
  }

  int wait_ms() {
    if (!waiting_.empty() && active_.size() < options_.max_in_flight) return 0;
    SteadyTime next = next_deadline_;
    if (!timers_.empty()) next = std::min(next, timers_.begin()->first);
    const auto left = std::chrono::ceil<Millis>(next - std::min(next, std::chrono::steady_clock::now()));
    return static_cast<int>(std::min<std::int64_t>(left.count(), 60'000));
  }

  void abort_all() {
    // `stopping` is set: a callback that sends again is answered at once, nothing new arrives.
    while (!active_.empty()) take_out(active_.begin()->first)->abort();
    for (auto waiting = std::move(waiting_); auto& transfer : waiting) transfer->abort();
    for (auto timers = std::move(timers_); auto& [when, fire] : timers) fire(false);
    auto arrived = std::move(state_.lock()->arrived);
    auto timers = std::move(state_.lock()->timers);
    for (auto& transfer : arrived) transfer->abort();
    for (auto& [when, fire] : timers) fire(false);
  }

  HttpClientOptions options_;  // constant once the thread runs
  Sync<State> state_;
  // Of the network thread alone from here on.
  Handle<CURLSH, curl_share_cleanup> share_;
  Handle<CURLM, curl_multi_cleanup> multi_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> active_;
  std::deque<std::unique_ptr<Transfer>> waiting_;
  Timers timers_;
  SteadyTime next_deadline_ = SteadyTime::max();  // no transfer ends earlier
  std::thread thread_;
};

HttpClient::HttpClient(HttpClientOptions options) : loop_(std::make_unique<Loop>(std::move(options))) {}
HttpClient::~HttpClient() { stop(); }
void HttpClient::send(HttpRequest request, HttpDone done) {
  loop_->send(std::make_unique<Transfer>(std::move(request), std::move(done)));
}
void HttpClient::after(Millis delay, std::function<void(bool)> fire) { loop_->after(delay, std::move(fire)); }
void HttpClient::stop() { loop_->stop(); }

}  // namespace rfs
