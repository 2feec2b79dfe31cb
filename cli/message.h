// Words to the user. A failure is two lines on stderr, `runnerfs: error: …` and `hint: …`, nothing on stdout, and the
// exit code of its kind (error.h).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace rfs {

// Prints both lines and answers the exit code.
int report(const Error& error);
// The same about one of several arguments: its message names it.
int report(const Error& error, std::string_view argument);
// `runnerfs: warning: …` and `runnerfs: …` on stderr.
void warn(std::string_view text);
void note(std::string_view text);
// All of it to stdout. False: the reader is gone, which is no failure (head). kNoSpace and the like otherwise.
Result<bool> to_stdout(BytesView bytes);
// The same for text that a command ends with; answers the exit code.
int print(std::string_view text);
// Without control bytes, which could rule a terminal or forge a line: they become '?'.
std::string printable(std::string_view text);

}  // namespace rfs
