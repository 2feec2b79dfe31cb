// Reads the lines of a log file, one after another, in little memory. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backends/secrets/audit_chain.h"
#include "base/result.h"

namespace rfs::audit {

class LineReader {
 public:
  // Of the bytes [from, to) of a file that stays open. The position of the descriptor is not used.
  LineReader(int fd, std::uint64_t from, std::uint64_t to) : fd_(fd), read_to_(from), end_(to), offset_(from) {}

  struct Piece {
    std::string_view text;     // without its newline; valid until the next call
    std::uint64_t offset = 0;  // of its first byte
    bool complete = false;     // false: the end came before a newline, or kMostLine bytes did
  };
  // False at the end.
  Result<bool> next(Piece& piece);

 private:
  Result<> fill();

  int fd_;
  std::uint64_t read_to_, end_, offset_;  // offset_: of buffer_[at_]
  std::string buffer_;
  std::size_t at_ = 0;
};

// Bytes [from, to). kBroken: they are not all there.
Result<std::string> read_range(int fd, std::uint64_t from, std::uint64_t to);
// Their SHA-256 in hex, however many.
Result<std::string> hash_range(int fd, std::uint64_t from, std::uint64_t to);

// Whether a line says of the bytes from `torn` to the newline before it that they are a torn end, with their length and
// hash. Its MAC is not looked at.
Result<bool> speaks_of_torn(int fd, const LineReader::Piece& line, std::uint64_t torn);

}  // namespace rfs::audit
