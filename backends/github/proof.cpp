#include "backends/github/proof.h"

#include "base/log.h"

namespace rfs {

ProofControl::Next ProofControl::next(const std::string& partition, std::function<void(Next)> resume) {
  auto state = state_.lock();
  if (!state->off.empty()) return Next::kOff;
  Credential& credential = state->credentials[partition];
  if (credential.good_until > clock_.steady()) return Next::kProve;
  if (credential.running) {
    credential.waiting.push_back(std::move(resume));
    return Next::kWait;
  }
  credential.running = true;
  return Next::kControl;
}

void ProofControl::finished(const std::string& partition, Outcome outcome) {
  std::vector<std::function<void(Next)>> waiting;
  {
    auto state = state_.lock();
    Credential& credential = state->credentials[partition];
    credential.running = false;
    waiting.swap(credential.waiting);
    if (outcome == Outcome::kGood) credential.good_until = clock_.steady() + std::chrono::hours(1);
    if (outcome == Outcome::kLies)
      state->off = "a request with a random ETag was answered 304: something between here and GitHub answers for it";
  }
  if (outcome == Outcome::kLies) log(Level::kWarning, "cross-token proof is off: a random ETag was answered 304");
  for (auto& resume : waiting) resume(outcome == Outcome::kGood ? Next::kProve : Next::kOff);
}

std::string ProofControl::off() { return state_.lock()->off; }

}  // namespace rfs
