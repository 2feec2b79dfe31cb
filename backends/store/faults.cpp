#include "backends/store/faults.h"

namespace rfs::store {

void Faults::write_failed(const Error& error) {
  counters_.add(Counter::kStoreErrors);
  {
    auto state = state_.lock();
    bool known = state->trouble && state->trouble->message == error.message;
    state->trouble = error;
    if (known) return;
  }
  errors_.add("", error);
}

void Faults::write_succeeded() { state_.lock()->trouble.reset(); }

std::optional<Error> Faults::trouble() { return state_.lock()->trouble; }

void Faults::read_failed(const Error& error) {
  counters_.add(Counter::kStoreErrors);
  {
    auto state = state_.lock();
    if (state->last_read_failure == error.message) return;
    state->last_read_failure = error.message;
  }
  errors_.add("", error);
}

void Faults::spoiled(const std::string& record, const std::string& path, const Error& error) {
  counters_.add(Counter::kTampered);
  {
    auto state = state_.lock();
    if (state->spoiled.size() >= kMost || !state->spoiled.insert(record).second) return;
  }
  Error told = error;
  if (told.hint.empty())
    told.hint = "what came from GitHub is fetched again; an entry of cache/ has to be written again";
  errors_.add(path, told);
}

bool Faults::is_spoiled(const std::string& record) { return state_.lock()->spoiled.count(record) > 0; }

void Faults::renewed(const std::string& record) { state_.lock()->spoiled.erase(record); }

}  // namespace rfs::store
