// yamux 1.0.0: many streams on one connection, each with its own flow control. Bytes in, frames out; no clock, no
// socket. One thread. Streams are known by their ids here; Connection makes objects of them.
//
// What a peer may make us hold: a stream's window (256 KiB) of bytes that the application has not consumed, and a
// bounded queue of control frames. A frame is checked against the window before its body is taken, and the body is
// passed on as it arrives.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "p2p/id_window.h"
#include "p2p/noise.h"

namespace rfs::p2p {

inline constexpr std::size_t kYamuxHeader = 12;
inline constexpr std::uint32_t kYamuxWindow = 256 * 1024;  // what each side starts with

struct YamuxOptions {
  std::size_t frame = 32 * 1024;  // payload of a DATA frame that we send, at most
  std::size_t streams_in = 256;   // open at a time, of those that the peer opened
  std::size_t control = 4096;     // frames that wait to be sent, of those that the peer makes us send
};

enum class GoAway : std::uint32_t { kNormal = 0, kProtocol = 1, kInternal = 2 };

class YamuxSession {
 public:
  // Called from receive() and next(). They may call back into the session.
  class Events {
   public:
    virtual ~Events() = default;
    // The peer opened a stream. False: it is reset.
    virtual bool on_open(std::uint32_t id) = 0;
    // Each byte that came has to be given back by consumed() at some time.
    virtual void on_data(std::uint32_t id, BytesView data) = 0;
    virtual void on_fin(std::uint32_t id) = 0;               // no more data will come
    virtual void on_gone(std::uint32_t id, bool reset) = 0;  // the peer reset it, or both sides have finished
    virtual void on_room(std::uint32_t id) = 0;              // what was written has been sent; more may be
    virtual void on_pong(std::uint32_t value) = 0;
    virtual void on_go_away(std::uint32_t code) = 0;
  };

  YamuxSession(Role role, YamuxOptions options, Events& events);

  // kBroken: the peer broke the protocol; the session is over, and what is left to send is a GO_AWAY.
  Result<> receive(BytesView bytes);

  // kLimited: ids are used up.
  Result<std::uint32_t> open();
  // Queues; the caller asks buffered() and does not write without end. one_frame: as a single DATA frame if the peer's
  // credit allows it at the time it is sent (some readers take only one).
  void write(std::uint32_t id, Bytes data, bool one_frame = false);
  void finish(std::uint32_t id);  // FIN, after what is queued
  void reset(std::uint32_t id);   // RST, at once; the stream is forgotten
  void consumed(std::uint32_t id, std::size_t n);
  std::size_t buffered(std::uint32_t id) const;
  std::uint64_t credit(std::uint32_t id) const;  // what the peer would take now
  void ping(std::uint32_t value);
  void go_away(GoAway code);

  // Calls emit(header, payload) for one frame; false when nothing can be sent now. Streams take turns.
  using Emit = std::function<void(BytesView header, BytesView payload)>;
  bool next(const Emit& emit);
  bool has_output() const { return !control_.empty() || !ready_.empty(); }

  std::size_t streams() const { return streams_.size(); }
  // Frames that cost us work but carry nothing, since the last call: for limits on their rate.
  std::uint32_t take_idle_frames() { return std::exchange(idle_frames_, 0); }

 private:
  struct Piece {
    Bytes bytes;
    std::size_t at = 0;
    bool one_frame = false;
  };
  struct Channel {
    std::uint64_t send_credit = kYamuxWindow;
    std::uint32_t receive_credit = kYamuxWindow;  // what may still come
    std::uint32_t consumed = 0;                   // taken by the application, not granted again yet
    std::deque<Piece> queue;
    std::size_t queued = 0;
    bool theirs = false;
    bool fin_wanted = false, fin_sent = false, fin_received = false;
    bool ready = false;  // it is in ready_
  };
  using Header = std::array<std::uint8_t, kYamuxHeader>;

  tl::unexpected<Error> broken(const char* why);
  Result<> frame(const Header& header);
  Result<> ping_frame(std::uint16_t flags, std::uint32_t value);
  Result<> stream_frame(std::uint8_t type, std::uint16_t flags, std::uint32_t id, std::uint32_t length);
  Result<> syn(std::uint32_t id);
  void ended(std::uint32_t id);
  void control(std::uint8_t type, std::uint16_t flags, std::uint32_t id, std::uint32_t length);
  void make_ready(std::uint32_t id, Channel& channel);
  void close_if_done(std::uint32_t id);
  bool emit_of(std::uint32_t id, Channel& channel, const Emit& emit);

  const Role role_;
  const YamuxOptions options_;
  Events& events_;
  std::unordered_map<std::uint32_t, Channel> streams_;
  std::deque<Header> control_;
  std::deque<std::uint32_t> ready_;  // streams that have something to send and credit for it
  std::uint32_t next_id_;
  IdWindow seen_;  // ids that the peer has used
  std::size_t streams_in_ = 0;
  std::uint32_t idle_frames_ = 0;
  bool broken_ = false;

  Header header_{};  // of the frame that is coming in
  std::size_t have_ = 0;
  std::uint32_t body_id_ = 0, body_left_ = 0;
  bool body_fin_ = false;
};

}  // namespace rfs::p2p
