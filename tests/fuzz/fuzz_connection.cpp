// libFuzzer: everything that a stranger can say before and after the handshake. The first byte chooses how far an
// honest peer goes before the garbage begins; after the handshake the garbage is sealed, so that it reaches yamux,
// negotiation, identify and ping.
#include <sodium.h>

#include <cstdint>
#include <cstdlib>

#include "p2p/connection.h"
#include "p2p/identify.h"
#include "p2p/ping.h"

namespace {

using namespace rfs;
using namespace rfs::p2p;

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

struct End final : Connection::Owner {
  End(Role role, std::uint8_t seed)
      : key(SigningKey::from_seed(Bytes(32, seed))),
        table{{kPingProtocol, ping_protocol()},
              {kIdentifyPushProtocol, identify_push_protocol()},
              {kIdentifyProtocol, identify_protocol([](Connection&) { return Identify(); })}},
        connection(role, {}, ConnectionOptions(), key, table, *this, SteadyTime(std::chrono::hours(1))) {}
  bool on_secured(Connection&) override { return true; }
  void on_ready(Connection&) override {}
  void on_output(Connection&) override {}
  void on_closed(Connection&, const Error&) override { require(!closed), closed = true; }
  bool hold(std::size_t bytes) override {
    held += bytes;
    require(held <= 9u << 20);
    return true;
  }
  void release(std::size_t bytes) override {
    require(bytes <= held);
    held -= bytes;
  }
  Bytes take() {
    Bytes out;
    connection.produce(out, 1 << 20);
    return out;
  }
  void give(Bytes bytes) { connection.receive(bytes, SteadyTime(std::chrono::hours(1))); }

  std::size_t held = 0;
  bool closed = false;
  SigningKey key;
  Protocols table;
  Connection connection;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int ready = sodium_init();
  if (ready < 0 || size == 0) return 0;
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2);
  const int rounds = data[0] % 5;
  for (int i = 0; i < rounds; ++i) {
    listener.give(dialer.take());
    dialer.give(listener.take());
  }
  const BytesView garbage(data + 1, size - 1);
  if (dialer.connection.ready() && (data[0] & 0x80)) {
    // As the payload of a stream that an honest yamux carries: negotiation and what follows it.
    class Saying final : public StreamHandler {
     public:
      explicit Saying(BytesView bytes) : bytes_(bytes) {}
      void on_open(Stream& stream) override {
        stream.write(bytes_);
        stream.finish();
      }
      void on_data(Stream& stream, BytesView got) override { stream.consumed(got.size()); }
      BytesView bytes_;
    };
    const char* kNames[] = {kPingProtocol, kIdentifyPushProtocol, kIdentifyProtocol};
    dialer.connection.open(kNames[data[0] / 5 % 3], std::make_unique<Saying>(garbage), true);
    for (int i = 0; i < 4; ++i) {
      listener.give(dialer.take());
      dialer.give(listener.take());
    }
  } else {
    listener.give(Bytes(garbage.begin(), garbage.end()));
  }
  listener.take();
  listener.connection.tick(SteadyTime(std::chrono::hours(2)));
  return 0;
}
