// The environment as it was given to us, in locked memory: our own copy loses its tokens when the configuration is read
// (secrets_env.h), and commands that we start for the user shall have theirs. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace rfs {

class SavedEnvironment {
 public:
  SavedEnvironment();
  void set(const std::string& name, std::string_view value);
  // nullopt when it is not set. Valid as long as this object.
  std::optional<std::string_view> get(std::string_view name) const;
  // For execve(); valid until the next set().
  std::vector<char*> pointers() const;

 private:
  SecretBytes arena_;
  std::vector<SecretBytes> added_;
  std::vector<char*> entries_;
};

}  // namespace rfs
