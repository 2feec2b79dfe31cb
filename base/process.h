// Runs another program without a shell (posix_spawn), with a deadline, an environment that is named, not inherited,
// and output that is bounded.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace rfs {

struct Ran {
  int exit_code = -1;   // 128 + signal when killed
  SecretBytes out;      // stdout, at most 1 MiB: it may be a token
  std::string err;      // stderr, at most 64 KiB
};

// argv[0] is looked up in PATH, unless `program` names the file to run. env: "NAME=value"; nothing else is inherited.
// input goes to stdin. kNotFound: no such program. kTimeout: it was killed at the deadline. Any thread.
Result<Ran> run_process(const std::vector<std::string>& argv, const std::vector<std::string>& env, Millis deadline,
                        BytesView input = {}, const std::string& program = {});

// The same for output of any length: each piece of stdout goes to `sink` as it comes and is not kept (out is empty).
// False ends the program at once, which is no failure; its exit_code is then -1.
Result<Ran> stream_process(const std::vector<std::string>& argv, const std::vector<std::string>& env, Millis deadline,
                           BytesView input, const std::function<bool(BytesView)>& sink);

}  // namespace rfs
