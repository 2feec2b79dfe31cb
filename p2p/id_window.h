// IdWindow: which ids of a rising sequence have been used, when they may come a little out of order. Keys and nonces
// depend on ids not coming twice.
#pragma once

#include <bitset>
#include <cstdint>

namespace rfs::p2p {

class IdWindow {
 public:
  // False: used before, or too old to know. Ids step by two (yamux).
  bool use(std::uint32_t id) {
    const std::uint32_t place = id / 2;
    if (empty_ || place > highest_) {
      const std::uint32_t step = empty_ ? 0 : place - highest_;
      used_ = step < kSize ? used_ << step : std::bitset<kSize>();
      highest_ = place;
      empty_ = false;
      used_.set(0);
      return true;
    }
    const std::uint32_t back = highest_ - place;
    if (back >= kSize || used_.test(back)) return false;
    used_.set(back);
    return true;
  }

 private:
  static constexpr std::size_t kSize = 256;
  std::bitset<kSize> used_;
  std::uint32_t highest_ = 0;
  bool empty_ = true;
};

}  // namespace rfs::p2p
