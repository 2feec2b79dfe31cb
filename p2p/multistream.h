// multistream-select 1.0: which protocol a connection or stream speaks. Bytes in, bytes out; no clock. One object a
// negotiation, one thread at a time.
//
// A message is uvarint length ‖ text ‖ '\n', at most 1,024 bytes. Both sides say "/multistream/1.0.0" first; the dialer
// names a protocol, the listener repeats it or says "na".
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace rfs::p2p {

Bytes multistream_message(std::string_view text);

class Multistream {
 public:
  using Supports = std::function<bool(std::string_view)>;
  enum class State { kGoing, kAgreed, kFailed };

  // The dialer's side: protocols in order of preference. What take_output() gives at first holds the header and the
  // first protocol, so that a listener that knows it costs one round trip.
  static Multistream dialer(std::vector<std::string> protocols);
  static Multistream listener(Supports supports);

  // Takes what is its own off `in`; once agreed, what is left belongs to the protocol. Never keeps more than one
  // message.
  State receive(BytesView& in);
  State state() const { return state_; }
  Bytes take_output() { return std::exchange(output_, {}); }
  // Once agreed.
  const std::string& protocol() const { return protocol_; }
  // Once failed: the other side refused every protocol, or it broke the rules.
  bool refused() const { return refused_; }

 private:
  Multistream() = default;
  void message(std::string_view text);
  void dialer_message(std::string_view text);
  void listener_message(std::string_view text);
  void say(std::string_view text) { append(output_, multistream_message(text)); }

  std::vector<std::string> protocols_;  // the dialer's
  std::size_t asked_ = 0;               // index of the protocol that was named
  Supports supports_;                   // the listener's
  State state_ = State::kGoing;
  bool greeted_ = false;
  bool refused_ = false;
  int proposals_ = 0;
  std::string protocol_;
  Bytes partial_;
  Bytes output_;
};

}  // namespace rfs::p2p
