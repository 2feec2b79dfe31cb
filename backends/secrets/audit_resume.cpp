// What the writers before this one may have left: a line that the state does not know yet, a part of a line, a rotation
// half done, or, after the machine stopped, a state that is ahead of its log. FORMATS D.5, D.7.
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>

#include "backends/secrets/audit_journal.h"
#include "backends/secrets/audit_line.h"
#include "backends/secrets/audit_lines.h"
#include "base/encode.h"

namespace rfs::audit {
namespace {

// While the machine runs only a line or two can be torn: by a kill in the middle of a write. When it stops, whatever
// was not synced may be lost or half there.
constexpr std::uint64_t kBridging = 0;  // as the state's boot: the next line says what a stop of the machine took
constexpr std::uint64_t kNone = UINT64_MAX;
constexpr std::uint64_t kMostTorn = 2 * kMostLine, kMostTornByStop = 16u << 20;

tl::unexpected<Error> foreign_end() {
  return fail(Code::kTampered, "audit.log goes on with lines that runnerfs did not write",
              "`runnerfs audit verify` finds them; move both files of the log away to begin a new one");
}

// The offset after the last newline before `to`, and the seq of the line that ends there.
Result<std::pair<std::uint64_t, std::uint64_t>> last_whole_line(int fd, std::uint64_t to) {
  LineReader reader(fd, to - std::min<std::uint64_t>(to, 8 * kMostLine), to);
  std::pair<std::uint64_t, std::uint64_t> last{0, 0};
  for (LineReader::Piece piece;;) {
    TRY_ASSIGN(const bool more, reader.next(piece));
    if (!more) return last;
    const auto line = piece.complete ? parse_line(piece.text) : std::nullopt;
    if (line) last = {piece.offset + piece.text.size() + 1, line->seq};
  }
}

}  // namespace

Result<> Journal::settle() {
  TRY(state_file_->check_in_place());
  TRY_ASSIGN(state_, state_file_->read());
  known_ = {state_->seq, state_->mac, state_->generation};
  if (!log_ || log_->inode() != state_->inode) TRY(find_log());
  if (log_->is_stuck()) return fail(Code::kBroken, "audit.log ends with a part of a line that could not be cut off");
  TRY_ASSIGN(const std::uint64_t size, log_->check_in_place());
  if (size > state_->size) return replay(size);
  if (size < state_->size) return bridge(size);
  if (state_->boot == kBridging) return write_bridge(size);
  if (state_->size == 0 && state_->seq > 0)
    return put(own_rest("rotated", fmt::format(R"({{"prev":"{}"}})", hex(state_->mac))), 0, 0);
  if (state_->boot == boot_) return {};
  State next = state_->clone();  // from now on a log that is shorter was cut
  next.boot = boot_;
  return state_file_->write(std::move(next));
}

Result<> Journal::find_log() {
  auto opened = LogFile::open(path_, LogFile::How::kExisting);
  if (!opened && opened.error().code != Code::kNotFound) return fail(std::move(opened.error()));
  if (opened) log_ = std::move(*opened);
  return opened && log_->inode() == state_->inode ? Result<>() : finish_rotation();
}

// The log has its new name already; the new file may be missing, empty, or hold its first line.
Result<> Journal::finish_rotation() {
  struct stat old {};
  const std::string rotated = rotated_name(path_, state_->seq);
  if (::stat(rotated.c_str(), &old) != 0 || old.st_ino != state_->inode ||
      static_cast<std::uint64_t>(old.st_size) != state_->size)
    return fail(Code::kTampered, "audit.log was removed or replaced by another file",
                "put it back; where the directory is a copy, move audit.log and audit.state away: a new log begins");
  auto opened = LogFile::open(path_, LogFile::How::kExisting);
  if (!opened && opened.error().code == Code::kNotFound) opened = LogFile::open(path_, LogFile::How::kNew);
  if (!opened) return fail(std::move(opened.error()));
  log_ = std::move(*opened);
  TRY(sync_directory_of(path_));
  State next = state_->clone();
  next.inode = log_->inode();
  next.size = 0;
  return state_file_->write(std::move(next));
}

// Lines after those that the state knows: written by a process that died before it could say so.
Result<> Journal::replay(std::uint64_t size) {
  const bool bridging = state_->boot == kBridging, stopped = state_->boot != boot_;
  LineReader reader(log_->fd(), state_->size, size);
  State next = state_->clone();
  next.boot = boot_;
  std::uint64_t torn = kNone;  // where an end begins that is no line
  for (LineReader::Piece piece;;) {
    TRY_ASSIGN(const bool more, reader.next(piece));
    if (!more) break;
    if (bridging && piece.offset == state_->size && piece.text.empty()) continue;  // ends what is torn before it
    const auto line = piece.complete ? parse_line(piece.text) : std::nullopt;
    bool whole = line && line->seq == next.seq + 1 && mac_of(next.key.reveal(), next.mac, line->body) == line->mac;
    if (whole && torn != kNone) {
      TRY_ASSIGN(whole, speaks_of_torn(log_->fd(), piece, torn));
    }
    if (!whole) {
      if (line && !stopped) return foreign_end();
      if (torn == kNone) torn = piece.offset;
      continue;
    }
    torn = kNone;
    next.key = next_key(next.key.reveal());
    next.mac = line->mac;
    next.seq = line->seq;
    next.size = piece.offset + piece.text.size() + 1;
    next.generation = std::max(next.generation, number_of(piece.text, "gen"));
  }
  if (bridging && next.seq == state_->seq) return write_bridge(size);
  if (torn != kNone && size - torn > (stopped ? kMostTornByStop : kMostTorn)) return foreign_end();
  if (next.seq != state_->seq) TRY(state_file_->write(std::move(next)));
  return torn != kNone ? recover(torn, size) : Result<>();
}

// A torn end stays where it is; the line after it says how long it is and what its hash is.
Result<> Journal::recover(std::uint64_t from, std::uint64_t size) {
  TRY_ASSIGN(const std::string hash, hash_range(log_->fd(), from, size));
  const std::string details = fmt::format(R"({{"bytes":{},"sha256":"{}"}})", size - from, hash);
  return put(own_rest("recovered", details), 0, size, "\n");
}

// The state is ahead of the log. When the machine stopped in between, the last granted reads (at most a second of them)
// never reached the disk: the chain goes on from what the state knows, and says what is missing. Else the log was cut.
Result<> Journal::bridge(std::uint64_t size) {
  if (state_->boot == boot_)
    return fail(Code::kTampered, "audit.log is shorter than it was",
                "put it back, or move both files of the log away to begin a new one");
  State next = state_->clone();  // first, so that a death in between is seen as what it is
  next.size = size;
  next.boot = kBridging;
  TRY(state_file_->write(std::move(next)));
  return write_bridge(size);
}

Result<> Journal::write_bridge(std::uint64_t size) {
  TRY_ASSIGN(const auto last, last_whole_line(log_->fd(), size));
  const auto [end, seq] = last;
  if (seq == 0 || seq > state_->seq)
    return fail(Code::kTampered, "audit.log does not hold the lines that audit.state speaks of",
                "put it back, or move both files of the log away to begin a new one");
  TRY_ASSIGN(const std::string hash, hash_range(log_->fd(), end, size));
  const std::string details = fmt::format(R"({{"bytes":{},"sha256":"{}","lost":{},"prev":"{}"}})", size - end, hash,
                                          state_->seq - seq, hex(state_->mac));
  return put(own_rest("recovered", details), 0, size, size > end ? "\n" : "");
}

}  // namespace rfs::audit
