#include "backends/secrets/audit_journal.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "backends/secrets/audit_line.h"
#include "backends/secrets/audit_lines.h"
#include "base/encode.h"
#include "base/file.h"

namespace rfs::audit {
namespace {

std::string with_seq(std::uint64_t seq, std::string_view rest) { return fmt::format("{{\"seq\":{}{}", seq, rest); }

}  // namespace

Journal::Journal(const Options& options, const Clock& clock)
    : clock_(clock),
      path_(options.directory + "/audit.log"),
      rotate_at_(options.rotate_at),
      boot_id_(boot_id()),
      boot_(boot_number(boot_id_)) {}

Result<std::unique_ptr<Journal>> Journal::open(const Options& options, const Clock& clock,
                                                       SecretBytes& owner_key) {
  TRY(make_directories(options.directory, 0700));
  std::unique_ptr<Journal> journal(new Journal(options, clock));
  TRY_ASSIGN(journal->state_file_, StateFile::open(options.directory + "/audit.state"));
  const std::lock_guard guard(journal->mutex_);
  TRY_ASSIGN(const auto lock, journal->state_file_->lock());
  TRY(journal->state_file_->check_in_place());
  if (journal->state_file_->empty()) TRY(journal->begin(owner_key));
  TRY(journal->settle());
  TRY(journal->check_end());
  return journal;
}

// A crash in here leaves an empty state and an empty log, and it is done again.
Result<> Journal::begin(SecretBytes& owner_key) {
  auto opened = LogFile::open(path_, LogFile::How::kNew);
  if (!opened && opened.error().code == Code::kExists) opened = LogFile::open(path_, LogFile::How::kExisting);
  if (!opened) return fail(std::move(opened.error()));
  log_ = std::move(*opened);
  TRY_ASSIGN(const std::uint64_t size, log_->check_in_place());
  if (size > 0)
    return fail(Code::kTampered, "there is an audit.log, but its audit.state is missing or empty",
                "put audit.state back, or move audit.log away to begin a new log");
  TRY(sync_directory_of(path_));
  State state;
  state.key = SecretBytes::random(kKey);
  state.inode = log_->inode();
  state.boot = boot_;
  SecretBytes first = state.key.clone();
  TRY(state_file_->write(std::move(state)));
  TRY(state_file_->sync());
  owner_key = std::move(first);
  return {};
}

// The rest of the log is for `verify`; this sees a log that was exchanged or cut while nobody had it open.
Result<> Journal::check_end() {
  TRY_ASSIGN(const State* state, state_file_->read());
  if (state->size == 0) return {};
  const std::string end = "\"mac\":\"" + hex(state->mac) + "\"}\n";
  const std::uint64_t from = state->size - std::min<std::uint64_t>(state->size, end.size());
  TRY_ASSIGN(const std::string last, read_range(log_->fd(), from, state->size));
  if (last != end)
    return fail(Code::kTampered, "the end of audit.log is not the line that was last written",
                "`runnerfs audit verify` finds the line; move both files of the log away to begin a new one");
  return {};
}

std::string Journal::own_rest(std::string_view action, std::string_view details) const {
  Accessor own{::geteuid(), ::getegid(), ::getpid(), ""};
  return rest_of_line({action, "", details, state_->generation}, own, clock_.wall(), boot_id_);
}

Result<> Journal::put(std::string_view rest, std::uint64_t generation, std::uint64_t size,
                          std::string_view before) {
  State next = state_->clone();
  ++next.seq;
  Sealed sealed = seal(state_->key.reveal(), state_->mac, with_seq(next.seq, rest));
  if (sealed.line.size() > kMostLine) return fail(Code::kTooLarge, "a line of the audit log would be too long");
  sealed.line.insert(0, before);
  TRY(log_->append(sealed.line, size));
  next.key = next_key(state_->key.reveal());
  next.mac = sealed.mac;
  next.size = size + sealed.line.size();
  next.generation = std::max(next.generation, generation);
  next.boot = boot_;
  known_ = {next.seq, next.mac, next.generation};
  return state_file_->write(std::move(next));
}

Result<> Journal::write(std::string_view rest, std::uint64_t generation) {
  const std::lock_guard guard(mutex_);
  TRY_ASSIGN(const auto lock, state_file_->lock());
  TRY(settle());
  if (state_->size >= rotate_at_) TRY(rotate());
  if (const auto room = log_->make_room(rest.size() + kSealed); !room) {
    // The room that is kept ahead is for this line: that nothing is answered any more, and why.
    if (!std::exchange(told_full_, true))
      TRY(put(own_rest("access_error", R"({"reason":"audit_full"})"), 0, state_->size));
    return fail(room.error());
  }
  TRY(put(rest, generation, state_->size));
  told_full_ = false;
  return {};
}

Result<> Journal::rotate() {
  TRY(log_->sync());
  log_->give_back_room();
  // Without a new name the log just grows.
  if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, rotated_name(path_, state_->seq).c_str(), RENAME_NOREPLACE) != 0)
    return {};
  TRY(finish_rotation());
  return settle();
}

Result<> Journal::sync() {
  std::shared_ptr<LogFile> log;
  {
    // Lines in a file that was rotated away are on disk: whoever rotates syncs first.
    const std::lock_guard guard(mutex_);
    log = log_;
  }
  return log->sync();
}

Result<> Journal::checkpoint() {
  TRY(sync());
  return state_file_->sync();
}

Result<Head> Journal::head() {
  const std::lock_guard guard(mutex_);
  TRY_ASSIGN(const auto lock, state_file_->lock());
  TRY(settle());
  return known_;
}

Head Journal::known() {
  const std::lock_guard guard(mutex_);
  return known_;
}

}  // namespace rfs::audit
