// How yamux tells a connection what happened.
#pragma once

#include "p2p/connection.h"

namespace rfs::p2p {

class Connection::Sessions final : public YamuxSession::Events {
 public:
  explicit Sessions(Connection& connection) : connection_(connection) {}
  bool on_open(std::uint32_t id) override { return connection_.stream_opened(id); }
  void on_data(std::uint32_t id, BytesView data) override { connection_.stream_data(id, data); }
  void on_fin(std::uint32_t id) override { connection_.stream_fin(id); }
  void on_gone(std::uint32_t id, bool reset) override { connection_.stream_gone(id, reset); }
  void on_room(std::uint32_t id) override;
  void on_pong(std::uint32_t value) override;
  void on_go_away(std::uint32_t code) override;

 private:
  Connection& connection_;
};

}  // namespace rfs::p2p
