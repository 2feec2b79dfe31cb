// Stream: one conversation on a connection, and StreamHandler: what an application does with it.
//
// Everything here belongs to the loop's thread. A handler is owned by its stream; on_end is the last call and comes
// exactly once. A stream that has ended takes every call and does nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "p2p/multistream.h"

namespace rfs::p2p {

class Connection;
class Stream;

enum class StreamEnd {
  kFinished,    // both sides said all they had to say
  kReset,       // one side gave up: the peer, a limit, a deadline, or reset() here
  kRefused,     // the peer does not speak the protocol
  kConnection,  // the connection ended
};

class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // The protocol is agreed (or, when opened eagerly, may be taken as agreed).
  virtual void on_open(Stream&) {}
  // Each byte has to be given back by stream.consumed() when it no longer occupies memory: that is the back-pressure.
  virtual void on_data(Stream& stream, BytesView data) = 0;
  virtual void on_fin(Stream&) {}   // the peer will send no more
  virtual void on_room(Stream&) {}  // all that was written has gone to the connection
  virtual void on_end(Stream&, StreamEnd) {}
};

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  std::uint32_t id() const { return id_; }
  bool ours() const { return ours_; }  // opened by this side
  const std::string& protocol() const { return protocol_; }
  // REQUIRES: alive().
  Connection& connection() const { return *connection_; }
  bool alive() const { return connection_ != nullptr; }

  void write(Bytes data);
  void write(BytesView data) { write(Bytes(data.begin(), data.end())); }
  // As one yamux frame, when the peer's credit allows it.
  void write_in_one_frame(Bytes data);
  void finish();  // no more will be written; goes out after what is queued
  void reset();
  void consumed(std::size_t n);
  std::size_t buffered() const;  // written and not yet sent
  // How long it may stay without a byte in either direction; zero: for ever.
  void idle_limit(Millis limit) { idle_limit_ = limit; }

 private:
  friend class Connection;
  Connection* connection_ = nullptr;
  std::uint32_t id_ = 0;
  bool ours_ = false;
  bool eager_ = false;
  bool agreed_ = false;
  bool fin_wanted_ = false;  // until the protocol is agreed
  std::string protocol_;
  std::unique_ptr<Multistream> negotiation_;
  std::unique_ptr<StreamHandler> handler_;
  std::size_t unread_ = 0;  // given to the handler and not consumed
  SteadyTime started_{}, active_{};
  Millis idle_limit_{};
  StreamEnd end_ = StreamEnd::kReset;
};

}  // namespace rfs::p2p
