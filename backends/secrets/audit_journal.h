// Journal: the file that the chained lines go to, and that several processes share.
// Any thread. Locks: the journal's mutex, then the OFD lock of audit.state; nothing else is called under them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "backends/secrets/audit_chain.h"
#include "backends/secrets/audit_file.h"
#include "backends/secrets/audit_state.h"
#include "base/time.h"

namespace rfs::audit {

struct Head {
  std::uint64_t seq = 0;
  Digest mac{};
  std::uint64_t generation = 0;
};

class Journal {
 public:
  struct Options {
    std::string directory;
    std::uint64_t rotate_at = 64ull << 20;
  };
  // `owner_key`: A_0 when the log was made by this call, else empty.
  static Result<std::unique_ptr<Journal>> open(const Options& options, const Clock& clock, SecretBytes& owner_key);

  // Writes the line `{"seq":N` + rest, sealed. `rest` begins with a comma. Written, not synced.
  Result<> write(std::string_view rest, std::uint64_t generation);
  // All lines of this process so far are on disk when it answers.
  Result<> sync();
  // The state too.
  Result<> checkpoint();
  // After the last line of any process.
  Result<Head> head();
  // As far as it was seen so far.
  Head known();

 private:
  Journal(const Options& options, const Clock& clock);
  Result<> begin(SecretBytes& owner_key);
  Result<> check_end();
  // The lock is held for all of these; those in audit_resume.cpp:
  // Makes log_ the file that the state speaks of, with nothing after the last line that the state knows.
  Result<> settle();
  Result<> find_log();
  Result<> finish_rotation();
  Result<> replay(std::uint64_t size);
  Result<> recover(std::uint64_t from, std::uint64_t size);
  Result<> bridge(std::uint64_t size);
  Result<> write_bridge(std::uint64_t size);
  // Those in audit_journal.cpp:
  Result<> rotate();
  // Composes, writes and accounts one line. The log ends at `size`; `before` is written in front of the line.
  Result<> put(std::string_view rest, std::uint64_t generation, std::uint64_t size, std::string_view before = {});
  // A line of the journal's own.
  std::string own_rest(std::string_view action, std::string_view details) const;

  const Clock& clock_;
  const std::string path_;
  const std::uint64_t rotate_at_;
  const std::string boot_id_;
  const std::uint64_t boot_;
  std::mutex mutex_;
  std::unique_ptr<StateFile> state_file_;
  std::shared_ptr<LogFile> log_;
  const State* state_ = nullptr;  // of state_file_, while the lock is held
  Head known_;
  bool told_full_ = false;  // the last line says that there is no room
};

}  // namespace rfs::audit
