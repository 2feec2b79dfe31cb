// Small real tiers for the tests of Chain and Cache: they keep, record and fail on cue. Any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>

#include "backends/github/request.h"
#include "backends/memory_tier.h"
#include "backends/tier.h"
#include "base/error_ring.h"
#include "base/pool.h"
#include "base/reply.h"
#include "crypto/hash.h"

namespace rfs::test {

inline std::shared_ptr<Entry> entry_of(EntryKey key, std::string body, double now, double ttl) {
  auto entry = std::make_shared<Entry>();
  entry->key = std::move(key);
  entry->sha256 = sha256(view(body));
  entry->body = std::make_shared<MemoryBody>(std::move(body));
  entry->meta.fetched_at = entry->meta.validated_at = now;
  entry->meta.expires_at = now + ttl;
  return entry;
}

inline std::string text_of(const EntryPtr& entry) { return read_all(*entry->body).value(); }

// A disk that is a map, and that fails while `broken`.
class FakeDisk final : public DiskTier {
 public:
  Result<EntryPtr> find(const EntryKey& key) override {
    auto s = state_.lock();
    ++s->finds;
    if (s->broken) return fail(Code::kBroken, "the disk is broken");
    auto at = s->rows.find(unique_text(key));
    return at == s->rows.end() ? EntryPtr() : at->second;
  }
  Result<> put(const EntryPtr& entry) override { return write(entry, &State::puts); }
  Result<> update(const EntryPtr& entry) override { return write(entry, &State::updates); }
  Result<> put_now(const EntryPtr& entry, bool) override { return write(entry, &State::puts); }
  Result<> remove(const EntryKey& key) override {
    auto s = state_.lock();
    if (s->broken || s->read_only) return fail(Code::kReadOnly, "the disk is read-only");
    s->rows.erase(unique_text(key));
    return {};
  }
  Result<> flush(bool) override {
    if (state_.lock()->cannot_flush) return fail(Code::kNoSpace, "the disk is full");
    return {};
  }
  Result<std::vector<Listed>> list(Space space, const std::string& partition, const std::string&,
                                   const std::string& directory) override {
    auto s = state_.lock();
    if (s->broken) return fail(Code::kBroken, "the disk is broken");
    std::vector<Listed> out;
    for (auto& [id, entry] : s->rows)
      if (entry->key.space == space && entry->key.partition == partition && entry->key.directory == directory)
        out.push_back({entry->key.name, false, entry->body->size(), entry->meta.fetched_at, entry->meta.expires_at});
    return out;
  }
  Result<> each(Space space, const std::string* partition, const std::function<bool(const Entry&)>& visit) override {
    std::map<std::string, EntryPtr> rows;
    {
      auto s = state_.lock();
      if (s->broken) return fail(Code::kBroken, "the disk is broken");
      rows = s->rows;
    }
    for (auto& [id, entry] : rows)
      if (entry->key.space == space && (!partition || *partition == entry->key.partition) && !visit(*entry)) break;
    return {};
  }

  struct State {
    std::map<std::string, EntryPtr> rows;
    int finds = 0, puts = 0, updates = 0;
    bool broken = false, read_only = false, cannot_flush = false;
  };
  Sync<State>::Locked state() { return state_.lock(); }

 private:
  Result<> write(const EntryPtr& entry, int State::*counter) {
    auto s = state_.lock();
    ++((*s).*counter);
    if (s->broken || s->read_only) return fail(Code::kNoSpace, "the disk is full");
    s->rows[unique_text(entry->key)] = entry;
    return {};
  }
  Sync<State> state_;
};

// An origin that keeps each question until the test answers it.
class FakeOrigin final : public OriginTier {
 public:
  using Done = std::function<void(Result<std::optional<Answer>>)>;
  struct Question {
    Ask ask;
    Done done;
  };
  void ask(Ask ask, Done done) override {
    auto s = state_.lock();
    s->waiting.push_back({std::move(ask), std::move(done)});
    ++s->asked;
    arrived_.notify_all();
  }
  bool prefer_stale(const ApiRequest&) override { return state_.lock()->prefer; }
  const std::string& host() const override { return host_; }

  // Waits until somebody asks.
  Question next() {
    auto s = state_.lock();
    arrived_.wait(s.lock(), [&] { return !s->waiting.empty(); });
    Question question = std::move(s->waiting.front());
    s->waiting.pop_front();
    return question;
  }
  int asked() { return state_.lock()->asked; }
  void prefer(bool stale) { state_.lock()->prefer = stale; }

 private:
  struct State {
    std::deque<Question> waiting;
    int asked = 0;
    bool prefer = false;
  };
  const std::string host_ = "api.test";
  Sync<State> state_;
  std::condition_variable arrived_;
};

// What one reader was told; waits for it.
class Told {
 public:
  Reply<EntryPtr> reply() {
    return Reply<EntryPtr>([state = state_](Result<EntryPtr> result) {
      std::lock_guard lock(state->mutex);
      state->result = std::move(result);
      state->told.notify_all();
    });
  }
  Result<EntryPtr> wait() {
    std::unique_lock lock(state_->mutex);
    state_->told.wait(lock, [&] { return state_->result.has_value(); });
    return *state_->result;
  }
  bool answered() {
    std::lock_guard lock(state_->mutex);
    return state_->result.has_value();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable told;
    std::optional<Result<EntryPtr>> result;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace rfs::test
