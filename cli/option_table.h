// The table of options. One row is `--x-y` on the command line, `-o x_y` of a mount, the key `x.y` of a configuration
// file and RUNNERFS_X_Y in the environment: all four are derived from the key. Immutable; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/settings.h"

namespace rfs {

enum class ValueKind { kBool, kCount, kSize, kDuration, kText, kPath, kChoice, kList, kTtls };

// What a file of the checkout may do with an option: its author may be a stranger (runnerfs(1), "Configuration").
enum class Checkout {
  kNever,    // trust, directories, where data goes: the owner's alone
  kTune,     // sizes and verbosity
  kTtl,      // a time, not above the owner's
  kOffOnly,  // may be switched off
};

struct Option {
  const char* key;  // "api.max_pages"
  std::variant<bool Settings::*, std::uint64_t Settings::*, double Settings::*, std::string Settings::*,
               std::vector<std::string> Settings::*, OperationTtls Settings::*>
      member;
  ValueKind kind;
  Checkout checkout;
  double least, most;         // numbers
  const char* choices;        // kChoice: "a|b"
  const char* reference_env;  // names of the reference, strongest first, separated by blanks
  const char* reference_key;  // other keys of the reference's files that mean the same
  const char* argument;       // "" for switches
  const char* help;           // one line
};

std::span<const Option> option_table();
std::string flag_of(const Option& option);        // "--api-max-pages"
std::string mount_name_of(const Option& option);  // "api_max_pages"
std::string variable_of(const Option& option);    // "RUNNERFS_API_MAX_PAGES"
// By key, by flag without its dashes, or by -o name; null when there is none.
const Option* find_option(std::string_view name);
// By a key of a file, the reference's other spellings included.
const Option* find_option_by_key(std::string_view key);

// Sets the option from texts (several for lists and times by operation, one for all others) and records the origin.
// Times by operation are added to what is there, the newer one winning. kUsage says what is expected.
Result<> set_option(Settings& settings, const Option& option, const std::vector<std::string>& texts,
                    const std::string& origin);
// The present value as text, as a file would have it.
std::string option_text(const Settings& settings, const Option& option);

}  // namespace rfs
