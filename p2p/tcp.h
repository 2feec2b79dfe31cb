// TCP sockets on a Loop. Everything is called on, and calls back on, the loop's thread.
//
// A socket has no buffers: bytes that arrived are read into the loop's one buffer and handed over at once, and write()
// takes what the kernel takes. So an idle connection costs a socket and no more.
#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "p2p/loop.h"

namespace rfs::p2p {

class TcpSocket : public std::enable_shared_from_this<TcpSocket> {
 public:
  class Events {
   public:
    virtual ~Events() = default;
    virtual void on_bytes(MutableBytes bytes) = 0;
    virtual void on_writable() = 0;                   // after a write() that was short
    virtual void on_end(const std::string& why) = 0;  // the peer closed it, or it broke; once, not after close()
  };
  virtual ~TcpSocket() = default;
  // Begins to read. events lives until close() or the socket's end.
  virtual void start(Events& events) = 0;
  // How many bytes the kernel took; short: on_writable() follows.
  virtual std::size_t write(BytesView bytes) = 0;
  virtual void shutdown_write() = 0;
  virtual void close() = 0;
  virtual TcpEndpoint local() const = 0;
  virtual TcpEndpoint remote() const = 0;
};

class TcpListener {
 public:
  using Accept = std::function<void(std::shared_ptr<TcpSocket>)>;
  // Listens at once; port 0: any. kBusy: in use. kUnsupported: this machine has no such address family or address.
  static Result<std::unique_ptr<TcpListener>> open(Loop& loop, const TcpEndpoint& at, Accept accept);
  virtual ~TcpListener() = default;  // closes
  virtual TcpEndpoint local() const = 0;
};

// `done` is called once, unless the loop is stopped.
void tcp_connect(Loop& loop, const TcpEndpoint& to, Millis deadline,
                 std::function<void(Result<std::shared_ptr<TcpSocket>>)> done);

}  // namespace rfs::p2p
