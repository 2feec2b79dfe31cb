// Body: the bytes of an entry, in memory or sealed on disk. Immutable; any thread; never the network.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace rfs {

class Body {
 public:
  virtual ~Body() = default;
  virtual std::uint64_t size() const = 0;
  // Fills `out` from `offset`; answers how many bytes (0 at and after the end, short only at the end).
  // kTampered when the sealed bytes do not authenticate, kBroken when they cannot be read. Never a byte before its tag.
  virtual Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) const = 0;
  // The whole body without a copy when it is in memory, else empty.
  virtual std::string_view in_memory() const { return {}; }
  // Bytes of RAM that this object holds.
  virtual std::size_t memory() const = 0;
};

class MemoryBody final : public Body {
 public:
  explicit MemoryBody(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) const override {
    if (offset >= bytes_.size() || out.empty()) return 0;
    std::size_t n = std::min<std::uint64_t>(out.size(), bytes_.size() - offset);
    std::memcpy(out.data(), bytes_.data() + offset, n);
    return n;
  }
  std::string_view in_memory() const override { return bytes_; }
  std::size_t memory() const override { return bytes_.size(); }

 private:
  const std::string bytes_;
};

// The whole body as one string. REQUIRES: the caller has checked size() against a limit of its own.
Result<std::string> read_all(const Body& body);

}  // namespace rfs
