// Asks the OS keyring through the helper process, for at most 5 s. Any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/key_source.h"

namespace rfs {

class KeyringClient {
 public:
  // helper: the program that answers `keyring-helper get|set|replace|probe` (keyring_helper.h).
  explicit KeyringClient(std::string helper) : helper_(std::move(helper)) {}
  // Changes nothing and never prompts.
  KeySourceState probe() const;
  // kNotFound: the keyring is open and has no key of ours. kNoKey: locked, no bus, no service …, with a hint.
  Result<SecretBytes> get() const;
  // A new random key. kExists: one is there already.
  Result<SecretBytes> create() const;
  // Puts another key in the place of the one that is there. kNotFound: none is.
  Result<> replace(const SecretBytes& key) const;

 private:
  std::string helper_;
};

}  // namespace rfs
