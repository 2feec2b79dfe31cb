// Audit: the log of every access to credentials, written before the answer. runnerfs-audit(7), FORMATS D.
//
// Several daemons share one log: its lock is taken for each line. Any thread. A line that cannot be written is a
// reason to refuse the access: every function here fails closed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace rfs {

// Who asked: what the kernel says of the other side, and what it claims.
struct Accessor {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  std::string exe;  // claimed; "" unknown
};

enum class AuditAction { kStore, kGranted, kDenied, kError, kRotate, kDelete, kCleanup, kCommitted };

struct AuditEvent {
  AuditAction action = AuditAction::kGranted;
  std::string credential;
  std::string repo, workflow, runner_id;  // of the context
  std::string scope;                      // "repo:octo/hello": where the credential is, when known
  std::string reason;                     // "scope_mismatch", "expired", "untrusted_event", …
  Accessor accessor;
  std::uint64_t generation = 0;  // of the store, as committed when the line is written
};

struct AuditOptions {
  std::string directory;                  // audit.log, audit.state; 0600
  bool sync_always = false;               // audit.sync: always; else grants are synced within 1 s
  std::uint64_t rotate_at = 64ull << 20;  // a longer audit.log becomes audit.log.N, N its last line's number
};

class Audit {
 public:
  // Makes the log where there is none. kTampered: audit.log and audit.state do not fit together (one is missing, cut,
  // exchanged); kDenied: they are not plain files of this user. The caller goes on without secrets/ and says so.
  static Result<std::unique_ptr<Audit>> open(AuditOptions options, const Clock& clock);
  // Writes what is counted, syncs log and state.
  ~Audit();
  // The key A_0 that forgery is checked with, if open() made the log, once; else empty. It is kept nowhere: whoever
  // takes it gives it to the owner (audit_key.h) or drops it.
  SecretBytes take_owner_key();

  // Returns when the line is where it must be before the answer: written for grants and kCommitted, synced for all
  // else. Denials over 10/s for one (uid, reason) are counted and summed up in one line a second; they still answer
  // success here. kBroken: no line, so no answer; the message says why, the hint what to do.
  Result<> append(const AuditEvent& event);
  // As append() of each in turn, with one sync for all of them.
  Result<> append_all(std::span<const AuditEvent> events);
  // Highest generation that any line names; a store below it is older than its log. When it cannot be read, the highest
  // that was seen before.
  std::uint64_t highest_generation() const;
  // "" or why the log cannot be trusted or written now.
  std::string trouble();
  struct Head {
    std::uint64_t seq = 0;  // 0: no line yet
    Digest mac{};
  };
  // The last line of any process, as highest_generation().
  Head head();

 private:
  Audit();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rfs
