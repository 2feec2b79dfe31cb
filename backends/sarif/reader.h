// Reader: a SARIF 2.1.0 file that arrives in pieces, checked and summarised while it comes. Memory is bounded (some 50
// MiB at the worst), whatever the size of the file. One thread at a time.
//
// Refused, with the byte where it was seen: what is not JSON or lacks what SARIF requires; a member named twice where
// it is read; and what is no full scan of a commit: incremental or diff-informed runs, invocations that failed or
// report errors, runs without results or with results elsewhere, another tool or category than was asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "backends/sarif/facts.h"
#include "base/result.h"

namespace rfs::sarif {

struct Options {
  std::string root;  // absolute directory of the checkout, for files named by file: URIs; "" when not known
  std::string tool;  // each run must be of this tool, version and category; "" is any
  std::string version;
  std::string category;
  std::uint64_t max_size = 1u << 30;
};

class Reader {
 public:
  explicit Reader(Options options = {});
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();
  // After an error nothing may follow.
  Result<> push(std::string_view bytes);
  // The file ended. Its facts, once.
  Result<Facts> finish();
  // A whole document was read: finish() will not miss anything.
  bool complete() const;
  std::uint64_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs::sarif
