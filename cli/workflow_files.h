// How a step of a job answers its runner: the files named by GITHUB_OUTPUT, GITHUB_STATE, GITHUB_ENV, GITHUB_PATH and
// GITHUB_STEP_SUMMARY, and commands on stdout. One thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rfs {

// GITHUB_ENV, GITHUB_STATE: appends NAME and value so that the value, whatever it holds, sets NAME and nothing else: a
// heredoc whose delimiter is random (128 bits), in one write. kInvalid: a name that is empty or holds '=', '<' or a line
// end, a value with a zero byte. kNotFound: `file` is "".
Result<> append_value(const std::string& file, std::string_view name, std::string_view value);
// GITHUB_OUTPUT: NAME=value for a value of one line, which scripts that read the file can take too; a heredoc for others.
// All of them in one write. Errors as above.
using Outputs = std::vector<std::pair<std::string, std::string>>;
Result<> append_outputs(const std::string& file, const Outputs& outputs);
// GITHUB_PATH: one directory. kInvalid when it holds a line end.
Result<> append_directory(const std::string& file, std::string_view directory);
// GITHUB_STEP_SUMMARY, at most 1 MiB: more the runner drops whole. kTooLarge then.
Result<> append_summary(const std::string& file, std::string_view markdown);

// Whether a variable of that name may be set for later steps without being asked for by name: not one that makes
// programs run other code or talk to somebody else (PATH, NODE_OPTIONS, LD_*, BASH_ENV, …), nor the runner's own.
bool harmless_variable(std::string_view name);
// A name that a shell can set: letters, digits and _, no digit first.
bool is_variable_name(std::string_view name);

// "::warning title=…::message", escaped. `level` is error, warning or notice.
std::string annotation(std::string_view level, std::string_view title, std::string_view message);
// Text of others as lines of the log in which no command of the runner can stand: each begins with `prefix`.
std::string quoted_log(std::string_view prefix, std::string_view text);

}  // namespace rfs
