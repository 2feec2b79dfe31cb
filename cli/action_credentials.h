// What inject-credentials was asked for, checked as a whole before anything is done. Values are masked in the log first.
#pragma once

#include <string>
#include <vector>

#include "cli/action.h"
#include "cli/secret_import.h"

namespace rfs {

struct WantedCredentials {
  Imports given;                    // of the JSON and of the step's variables: to be stored
  std::vector<std::string> stored;  // of credential-names: to be read
  std::vector<std::string> empty;   // secrets that are not set: skipped
  std::vector<std::string> absent;  // variables of from-env that are not there
  std::size_t all() const { return given.size() + stored.size() + empty.size() + absent.size(); }
};

// kInvalid, kUsage: malformed input, the place in it named, no byte of it repeated.
Result<WantedCredentials> wanted_credentials(ActionStep& step);

// Which credentials become variables.
class ExportedVariables {
 public:
  static Result<ExportedVariables> of(const ActionStep& step);
  bool wants(const std::string& name) const { return all_ || contains(names_, name); }
  // May be set although it is not harmless.
  bool forced(const std::string& name) const { return contains(forced_, name); }

 private:
  static bool contains(const std::vector<std::string>& names, const std::string& name);
  bool all_ = false;
  std::vector<std::string> names_, forced_;
};

// "A, B" or one a line.
std::vector<std::string> names_in(const std::string& text);

}  // namespace rfs
