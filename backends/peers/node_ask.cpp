// Questions to members: whom to ask, and what an answer becomes.
#include <algorithm>
#include <bit>

#include "backends/github/request.h"
#include "backends/peers/node.h"
#include "base/json.h"

namespace rfs {
namespace {

constexpr std::size_t kAskedAtOnce = 8;
constexpr std::int64_t kHeldMost = 256 << 20;  // bytes of bodies under way
constexpr double kAhead = 300;                 // seconds that another clock may be before ours
constexpr Millis kAbsent{2'000}, kAbsentGrace{20};
constexpr Millis kScanPatience{5'000};
constexpr std::size_t kAbsentMost = 4096, kAnnouncedMost = 4096;
constexpr Millis kAnnounceEvery{11'000};

}  // namespace

void Peers::Node::ask(const rfs::Ask& ask, std::function<void(Result<std::optional<Answer>>)> done) {
  const Route* route = parts_.routes.find(ask.request->path);
  if (stopping_ || members_ == 0 || !route || !path_may_be_shared(parts_.routes, ask.request->path))
    return done(std::nullopt);
  // Of a body that could be neither believed nor proven nothing is gained.
  const bool word = options_.verify == Verify::kMember && word_counts(*route);
  const bool proof = is_json(*ask.request) && can_prove_();
  if (!word && !proof) return done(std::nullopt);
  auto asked = std::make_shared<std::function<void(Result<std::optional<Answer>>)>>(std::move(done));
  const bool posted = post([self = shared_from_this(), request = ask.request, asked] {
    self->ask_now(request, std::move(*asked));
  });
  if (!posted) (*asked)(std::nullopt);
}

std::vector<p2p::Connection*> Peers::Node::suitable(const Digest& id, SteadyTime now) const {
  std::vector<std::pair<double, p2p::Connection*>> ranked;
  for (p2p::Connection* one : connections(true)) {
    const auto at = neighbours_.find(one->peer());
    if (at == neighbours_.end() || at->second.rank.resting(now)) continue;
    // Who said to have it is asked before those who may have it.
    ranked.emplace_back(at->second.rank.cost() * (at->second.announced.contains(id) ? 0.1 : 1), one);
  }
  std::sort(ranked.begin(), ranked.end());
  if (ranked.size() > kAskedAtOnce) ranked.resize(kAskedAtOnce);
  std::vector<p2p::Connection*> out;
  for (const auto& [cost, one] : ranked) out.push_back(one);
  return out;
}

// False: there is nobody to be asked; `done` is then not called.
bool Peers::Node::ask_all(const Question& question, std::function<void(std::optional<PeerBody>)> done,
                          std::function<void()> had) {
  const auto members = suitable(question.id, std::chrono::steady_clock::now());
  if (members.empty()) return false;
  parts_.counters.add(Counter::kPeerAsks);
  parts_.counters.add(Counter::kMessages, members.size());
  QuestionEvents events;
  events.told = [this, had = std::move(had)](const p2p::PeerId& peer, MemberDid how, Millis took) {
    if (had && how == MemberDid::kHad) had();
    told(peer, how, took);
  };
  events.hold = [this](std::int64_t change) {
    if (change > 0 && held_ + change > kHeldMost) return false;
    held_ += change;
    return true;
  };
  events.done = [this, done = std::move(done)](std::optional<PeerBody> body) {
    if (body) neighbours_[body->peer].received += 1;
    done(std::move(body));
  };
  ask_members(*protocol_, host_->loop(), members, question, std::move(events));
  return true;
}

void Peers::Node::ask_now(std::shared_ptr<const ApiRequest> request,
                          std::function<void(Result<std::optional<Answer>>)> done) {
  Question question;
  question.id = protocol_->ask_id(view(canonical_key(api_host_, *request)));
  question.max_len = std::min(options_.max_object_size, p2p::kBodyMost);
  question.deadline = options_.deadline;
  auto answered = std::make_shared<std::function<void(Result<std::optional<Answer>>)>>(std::move(done));
  const bool asked = ask_all(question, [self = shared_from_this(), request, answered](std::optional<PeerBody> body) {
    if (!body) return (*answered)(std::nullopt);
    // Checking is for another thread.
    auto kept = std::make_shared<PeerBody>(std::move(*body));
    self->parts_.pool.submit([self, request, kept, answered] { self->answer(*request, std::move(*kept), *answered); });
  });
  if (!asked) (*answered)(std::nullopt);
}

// Whether nobody had it a moment ago. Not yet asked: it is noted as such.
bool Peers::Node::was_absent(const std::string& canonical) {
  const SteadyTime now = std::chrono::steady_clock::now();
  auto absent = absent_.lock();
  if (absent->size() > kAbsentMost) absent->clear();
  const auto [at, first] = absent->try_emplace(canonical, now + kAbsent);
  if (!first && now < at->second) return true;
  at->second = now + kAbsent;
  return false;
}

// The reader of a directory waits here: on a thread of its own, not long, and only while somebody can be asked.
// for_a_body: how much longer when somebody has said to have it.
std::optional<PeerBody> Peers::Node::fetch(const Question& question, Millis for_a_body) {
  struct Waiting {
    std::promise<std::optional<PeerBody>> body;
    std::atomic<bool> had{false};
  };
  const auto waiting = std::make_shared<Waiting>();
  auto body = waiting->body.get_future();
  const bool posted = post([self = shared_from_this(), question, waiting] {
    const bool asked = self->ask_all(
        question, [waiting](std::optional<PeerBody> got) { waiting->body.set_value(std::move(got)); },
        [waiting] { waiting->had = true; });
    if (!asked) waiting->body.set_value(std::nullopt);
  });
  if (!posted) return std::nullopt;
  auto state = body.wait_for(options_.deadline + kAbsentGrace);
  if (state != std::future_status::ready && waiting->had) state = body.wait_for(for_a_body);
  if (state != std::future_status::ready) return std::nullopt;
  return body.get();
}

bool Peers::Node::fetch_entry(const std::string& key) {
  if (stopping_ || members_ == 0) return false;
  const std::string canonical = canonical_cache_key(key);
  if (was_absent(canonical)) return false;
  Question question;
  question.id = protocol_->ask_id(view(canonical));
  question.kind = kCacheKind;
  question.max_len = kCacheDataMost + 64 * 1024;
  question.deadline = options_.deadline;
  const auto body = fetch(question, Millis(0));
  if (!body) return false;
  auto arrival = parse_cache_entry(body->bytes);
  if (!arrival) {
    parts_.counters.add(Counter::kCacheRefused);
    return false;
  }
  arrival->key = key;
  arrival->peer = body->peer.text();
  const auto kept = cache_.receive(*arrival);
  parts_.counters.add(kept && *kept ? Counter::kCacheReceived : Counter::kCacheRefused);
  return kept && *kept;
}

std::optional<PeerScan> Peers::Node::fetch_scan(const std::string& canonical) {
  if (stopping_ || members_ == 0 || was_absent(canonical)) return std::nullopt;
  Question question;
  question.id = protocol_->ask_id(view(canonical));
  question.kind = kScanKind;
  question.max_len = kPeerScanMost;
  question.deadline = options_.deadline;
  auto body = fetch(question, kScanPatience);
  if (!body) return std::nullopt;
  return PeerScan{std::move(body->bytes), std::move(body->have.attestation), body->peer.text()};
}

void Peers::Node::on_announce(p2p::Connection& connection, const p2p::Announce& announce) {
  auto& announced = neighbours_[connection.peer()].announced;
  if (announced.size() > kAnnouncedMost) announced.clear();
  for (const p2p::Announcement& one : announce.entries) announced.insert(one.id);
}

// What was had lately, by pseudonym: a hint whom to ask first.
void Peers::Node::announce() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now - announced_ < kAnnounceEvery) return;
  announced_ = now;
  p2p::Announce announce;
  for (const Offers::Fresh& one : offers_->fresh(p2p::kAnnounceMost))
    announce.entries.push_back({one.id, static_cast<std::uint32_t>(std::bit_width(one.size)),
                                static_cast<std::uint64_t>(std::max(0.0, one.fetched_at))});
  if (announce.entries.empty()) return;
  for (p2p::Connection* one : connections(true)) protocol_->announce(*one, announce);
}

void Peers::Node::told(const p2p::PeerId& peer, MemberDid how, Millis took) {
  Rank& rank = neighbours_[peer].rank;
  const SteadyTime now = std::chrono::steady_clock::now();
  switch (how) {
    case MemberDid::kHad:
    case MemberDid::kMissed:
      parts_.counters.add(Counter::kMessages);
      return rank.answered(took);
    case MemberDid::kLate:
      parts_.counters.add(Counter::kPeerLate);
      return rank.missed(now);
    case MemberDid::kCameLate:
      return rank.came_late(took, now);
    case MemberDid::kBusy:
      return rank.busy(Millis(1'000), now);
    case MemberDid::kFailed:
      return rank.missed(now);
  }
}

// On the pool.
void Peers::Node::answer(const ApiRequest& request, PeerBody body,
                         std::function<void(Result<std::optional<Answer>>)> done) {
  if (is_json(request) && !check_json(body.bytes)) {
    post([self = shared_from_this(), peer = body.peer] {
      self->neighbours_[peer].refused += 1;
      self->neighbours_[peer].rank.verdict(false, std::chrono::steady_clock::now());
    });
    return done(std::nullopt);
  }
  const double now = parts_.clock.wall(), confirmed = static_cast<double>(body.have.fetched_at);
  const Route* route = parts_.routes.find(request.path);
  auto entry = std::make_shared<Entry>();
  entry->key = entry_key(api_host_, request, "");
  entry->sha256 = body.have.sha256;  // the bytes were found to have it
  Meta& meta = entry->meta;
  meta.accept = request.accept;
  meta.api_version = kApiVersion;
  meta.fetched_at = meta.validated_at = std::min(confirmed, now);
  meta.proof = Proof::kSharedSecret;
  meta.source = Source::kPeer;
  if (route) meta.expires_at = word_ends(parts_.routes.ttl(*route, request.path), meta.fetched_at);
  entry->body = std::make_shared<MemoryBody>(std::move(body.bytes));
  entry->found = Source::kPeer;

  Answer answer;
  answer.word = options_.verify == Verify::kMember && route && word_counts(*route) && confirmed <= now + kAhead &&
                now < meta.expires_at;
  answer.entry = std::move(entry);
  answer.verdict = [weak = weak_from_this(), peer = body.peer](bool confirmed_by_github) {
    const auto self = weak.lock();
    if (!self) return;
    if (!confirmed_by_github) self->parts_.counters.add(Counter::kPeerWrong);
    self->post([self, peer, confirmed_by_github] {
      Neighbour& neighbour = self->neighbours_[peer];
      if (!confirmed_by_github) neighbour.refused += 1;
      neighbour.rank.verdict(confirmed_by_github, std::chrono::steady_clock::now());
    });
  };
  done(std::optional<Answer>(std::move(answer)));
}

}  // namespace rfs
