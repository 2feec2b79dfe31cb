// An audit log in a directory of its own, and what tests do to its files.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/secrets/audit.h"
#include "backends/secrets/audit_chain.h"
#include "tests/unit/base/scratch.h"

namespace rfs::test {

struct AuditRig {
  Scratch scratch;
  FakeClock clock;

  AuditOptions options() const { return {.directory = scratch.path("c")}; }
  std::string log() const { return scratch.path("c/audit.log"); }
  std::string state() const { return scratch.path("c/audit.state"); }

  std::unique_ptr<Audit> open() { return open(options()); }
  std::unique_ptr<Audit> open(const AuditOptions& options);  // REQUIREs that it opens
  Code open_code();                                          // REQUIREs that it fails
  std::vector<std::string> lines() const;                    // of audit.log
};

AuditEvent event(AuditAction action, const std::string& credential = "API_KEY", const std::string& reason = "");
std::string content(const std::string& path);
void overwrite(const std::string& path, const std::string& content);  // the same file, with other content
// The member of a line, by the chain's own reader.
std::string member(const std::string& line, const char* name);

// Runs `work` in a child of fork() and REQUIREs that it ends with 0.
void in_child(const std::function<void()>& work);

}  // namespace rfs::test
