// Two connections joined without a socket, on a clock that the test owns.
#pragma once

#include <memory>

#include "p2p/connection.h"
#include "tests/unit/p2p/vectors.h"

namespace rfs::test {

using namespace rfs::p2p;

// One end: a connection, and what its owner was told.
struct End final : Connection::Owner {
  End(Role role, std::uint8_t seed, Protocols table = {}, ConnectionOptions options = {}, PeerId expected = {})
      : key(identity(seed)),
        protocols(std::move(table)),
        connection(std::make_unique<Connection>(role, std::move(expected), options, key, protocols, *this, now)) {}
  bool on_secured(Connection&) override { return wanted; }
  void on_ready(Connection&) override { ++readies; }
  void on_output(Connection&) override {}
  void on_closed(Connection&, const Error& why) override {
    ++closes;
    reason = why;
  }
  bool hold(std::size_t bytes) override {
    if (held + bytes > memory) return false;
    held += bytes;
    most_held = std::max(most_held, held);
    return true;
  }
  void release(std::size_t bytes) override { held -= bytes; }

  Bytes take(std::size_t most = 256 * 1024) {
    Bytes out;
    connection->produce(out, most);
    return out;
  }
  void give(Bytes bytes) { connection->receive(bytes, now); }

  SteadyTime now{std::chrono::hours(1)};
  SigningKey key;
  Protocols protocols;
  bool wanted = true;
  int readies = 0, closes = 0;
  Error reason{Code::kAborted, "", ""};
  std::size_t held = 0, most_held = 0, memory = 64u << 20;
  std::unique_ptr<Connection> connection;  // last: it is gone before what it refers to
};

// Until neither has anything to say; answers how many bytes crossed.
inline std::size_t settle(End& one, End& two) {
  std::size_t crossed = 0;
  for (bool busy = true; busy;) {
    Bytes there = one.take(), back = two.take();
    busy = !there.empty() || !back.empty();
    crossed += there.size() + back.size();
    if (!there.empty()) two.give(std::move(there));
    if (!back.empty()) one.give(std::move(back));
  }
  return crossed;
}

inline void advance(End& one, End& two, Millis time) {
  one.now += time;
  two.now += time;
  one.connection->tick(one.now);
  two.connection->tick(two.now);
}

// Sends back what comes, and says FIN when the peer does. Takes no more than it could send on.
class Echo final : public StreamHandler {
 public:
  void on_data(Stream& stream, BytesView data) override {
    waiting_ += data.size();
    stream.write(data);
    if (stream.buffered() == 0) on_room(stream);
  }
  void on_room(Stream& stream) override { stream.consumed(std::exchange(waiting_, 0)); }
  void on_fin(Stream& stream) override { stream.finish(); }

 private:
  std::size_t waiting_ = 0;
};

inline Protocols echo_table() {
  return {{"/echo/1", {[](Stream&) { return std::make_unique<Echo>(); }, 32}}};
}

// Sends one message and gathers the answer.
struct Talk {
  Bytes got;
  bool opened = false, fin = false;
  int ends = 0;
  StreamEnd end = StreamEnd::kFinished;
};
class Talking final : public StreamHandler {
 public:
  Talking(Talk& talk, Bytes message) : talk_(talk), message_(std::move(message)) {}
  void on_open(Stream& stream) override {
    talk_.opened = true;
    stream.write(std::move(message_));
    stream.finish();
  }
  void on_data(Stream& stream, BytesView data) override {
    append(talk_.got, data);
    stream.consumed(data.size());
  }
  void on_fin(Stream&) override { talk_.fin = true; }
  void on_end(Stream&, StreamEnd why) override {
    ++talk_.ends;
    talk_.end = why;
  }

 private:
  Talk& talk_;
  Bytes message_;
};

inline Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 257);
  return bytes;
}

}  // namespace rfs::test
