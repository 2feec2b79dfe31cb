#include "backends/secrets/audit_lines.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/encode.h"
#include "crypto/hash.h"

namespace rfs::audit {
namespace {

constexpr std::size_t kBlock = 64u << 10;

}  // namespace

Result<std::string> read_range(int fd, std::uint64_t from, std::uint64_t to) {
  std::string out(static_cast<std::size_t>(to - from), '\0');
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t n = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(from + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "cannot read the audit log");
    if (n == 0) return fail(Code::kBroken, "the audit log became shorter while it was read");
    done += static_cast<std::size_t>(n);
  }
  return out;
}

Result<std::string> hash_range(int fd, std::uint64_t from, std::uint64_t to) {
  Sha256 hash;
  for (std::uint64_t at = from; at < to; at += kBlock) {
    TRY_ASSIGN(const std::string block, read_range(fd, at, std::min<std::uint64_t>(at + kBlock, to)));
    hash.update(view(block));
  }
  return hex(hash.finish());
}

Result<bool> speaks_of_torn(int fd, const LineReader::Piece& line, std::uint64_t torn) {
  if (member_of(line.text, "action") != "recovered" || line.offset < torn + 1) return false;
  if (number_of(line.text, "bytes") != line.offset - 1 - torn) return false;
  TRY_ASSIGN(const std::string hash, hash_range(fd, torn, line.offset - 1));
  return member_of(line.text, "sha256") == hash;
}

Result<> LineReader::fill() {
  buffer_.erase(0, std::exchange(at_, 0));
  const std::uint64_t to = std::min<std::uint64_t>(read_to_ + kBlock, end_);
  TRY_ASSIGN(const std::string more, read_range(fd_, read_to_, to));
  buffer_ += more;
  read_to_ = to;
  return {};
}

Result<bool> LineReader::next(Piece& piece) {
  if (buffer_.size() - at_ < kMostLine && read_to_ < end_) TRY(fill());
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  if (rest.empty()) return false;
  const std::size_t newline = rest.substr(0, kMostLine).find('\n');
  piece.complete = newline != std::string_view::npos;
  piece.text = rest.substr(0, piece.complete ? newline : std::min(rest.size(), kMostLine));
  piece.offset = offset_;
  const std::size_t taken = piece.text.size() + (piece.complete ? 1 : 0);
  at_ += taken;
  offset_ += taken;
  return true;
}

}  // namespace rfs::audit
