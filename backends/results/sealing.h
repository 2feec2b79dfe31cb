// Sealing: the bytes of a result on their way to the disk: hashed, compressed and sealed by a thread of their own,
// beside the check of what comes next. Small ones are done by the caller. One thread at a time.
#pragma once

#include <condition_variable>
#include <memory>
#include <optional>
#include <vector>

#include "backends/store/body_draft.h"
#include "base/pool.h"
#include "base/sync.h"
#include "crypto/hash.h"

namespace rfs::results {

class Sealing {
 public:
  explicit Sealing(std::unique_ptr<store::BodyDraft> draft) : draft_(std::move(draft)) {}
  // Before finish(): what was to be sealed is given up.
  ~Sealing();
  // The bytes are copied. Waits while more than a few MiB are to be sealed. An error may be that of earlier bytes; then
  // nothing may follow.
  Result<> append(BytesView bytes);
  struct Sealed {
    std::shared_ptr<const Body> body;
    Digest sha256{};
  };
  // Waits until all is sealed. Once.
  Result<Sealed> finish();
  std::uint64_t size() const { return size_; }

 private:
  Result<> take(BytesView bytes);
  Result<> hand_over();
  void seal(Bytes block);

  struct State {
    std::size_t waiting = 0;  // blocks
    std::vector<Bytes> used;  // blocks to be filled again
    std::optional<Error> failed;
    bool given_up = false;
  };

  const std::unique_ptr<store::BodyDraft> draft_;  // of thread_, once there is one
  Sha256 hash_;                                    // likewise
  std::uint64_t size_ = 0;
  Bytes block_;  // being filled
  Sync<State> state_;
  std::condition_variable sealed_;
  std::optional<Pool> thread_;
};

}  // namespace rfs::results
