// libFuzzer: frames of a hostile yamux peer. Beside not crashing: a stream never gives more bytes than its window while
// nothing is consumed, streams stay within their number, and what we send is whole frames.
#include <cstdint>
#include <cstdlib>
#include <map>

#include "p2p/yamux.h"

namespace {

using namespace rfs;
using namespace rfs::p2p;

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

struct Side final : YamuxSession::Events {
  explicit Side(Role role) : session(role, options(), *this) {}
  static YamuxOptions options() {
    YamuxOptions made;
    made.streams_in = 8;
    return made;
  }
  bool on_open(std::uint32_t id) override { return id % 16 != 7; }
  void on_data(std::uint32_t id, BytesView data) override {
    got[id] += data.size();
    require(got[id] <= kYamuxWindow);
    if (data[0] == 0xee) session.reset(id);
    if (data[0] == 0xdd) session.write(id, Bytes(40, 1));
    if (data[0] == 0xcc) session.finish(id);
  }
  void on_fin(std::uint32_t) override {}
  void on_gone(std::uint32_t id, bool) override { got.erase(id); }
  void on_room(std::uint32_t) override {}
  void on_pong(std::uint32_t) override {}
  void on_go_away(std::uint32_t) override {}

  YamuxSession session;
  std::map<std::uint32_t, std::uint64_t> got;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Side side(data[0] & 1 ? Role::kListener : Role::kDialer);
  if (!(data[0] & 1)) {
    const auto id = side.session.open();
    side.session.write(*id, Bytes(100'000, 2));
  }
  BytesView rest(data + 1, size - 1);
  Result<> last;
  while (last && !rest.empty()) {
    const BytesView piece = rest.first(std::min<std::size_t>(rest.size(), 13));
    rest = rest.subspan(piece.size());
    last = side.session.receive(piece);
    for (int i = 0; i < 3; ++i)
      side.session.next([](BytesView head, BytesView body) {
        require(head.size() == kYamuxHeader);
        require(body.empty() || body.size() == read_be<std::uint32_t>(head.subspan(8)));
      });
    require(side.session.streams() <= 9);
  }
  if (!last) require(!side.session.receive(Bytes(1, 0)));
  return 0;
}
