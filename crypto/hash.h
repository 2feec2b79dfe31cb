// SHA-256 by OpenSSL. One-shot: pure, any thread. Sha256: one thread at a time.
#pragma once

#include <memory>

#include "base/bytes.h"

namespace rfs {

Digest sha256(BytesView bytes);

class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  Sha256& update(BytesView bytes);
  // Ends it; update() may not follow.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rfs
