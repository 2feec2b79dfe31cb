// The command line of one command. CLI11 is included by parse.cpp alone (it costs seconds a file).
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace rfs {

// kUsage says what is wrong. `--help` is answered by the caller: see wants_help.
Result<Given> parse_arguments(const Command& command, const std::vector<std::string>& arguments);
// True when -h or --help stands before any `--`.
bool wants_help(const std::vector<std::string>& arguments);
// What `runnerfs NAME --help` prints.
std::string help_text(const Command& command);

}  // namespace rfs
