#include "p2p/tcp.h"

#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/steady_timer.hpp>

#include "base/log.h"
#include "p2p/loop_impl.h"

namespace rfs::p2p {
namespace {

using asio::ip::tcp;
constexpr std::size_t kReadsInARow = 4;  // of the loop's buffer, before others have their turn
constexpr Millis kAcceptRest{200};       // after an accept that failed: descriptors may be gone

TcpEndpoint endpoint_of(const tcp::endpoint& from) {
  asio::ip::address address = from.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return {address.is_v6() ? TcpEndpoint::Kind::kIp6 : TcpEndpoint::Kind::kIp4, address.to_string(), from.port()};
}

Result<tcp::endpoint> asio_endpoint(const TcpEndpoint& from) {
  std::error_code error;
  const auto address = asio::ip::make_address(from.host, error);
  if (error) return fail(Code::kInvalid, "not an IP address");
  return tcp::endpoint(address, from.port);
}

class AsioSocket final : public TcpSocket {
 public:
  AsioSocket(Loop::Impl& impl, tcp::socket socket) : impl_(impl), socket_(std::move(socket)) {
    std::error_code error;
    remote_ = endpoint_of(socket_.remote_endpoint(error));
    local_ = endpoint_of(socket_.local_endpoint(error));
    socket_.non_blocking(true, error);
    socket_.set_option(tcp::no_delay(true), error);
  }

  void start(Events& events) override {
    events_ = &events;
    wait_readable();
  }

  std::size_t write(BytesView bytes) override {
    std::size_t done = 0;
    std::error_code error;
    while (done < bytes.size() && !error)
      done += socket_.write_some(asio::buffer(bytes.data() + done, bytes.size() - done), error);
    // A broken socket tells the reader; here it only takes nothing.
    if (done < bytes.size() && !waiting_) wait_writable();
    return done;
  }

  void shutdown_write() override {
    std::error_code error;
    socket_.shutdown(tcp::socket::shutdown_send, error);
  }

  void close() override {
    events_ = nullptr;
    std::error_code error;
    socket_.close(error);
  }

  TcpEndpoint local() const override { return local_; }
  TcpEndpoint remote() const override { return remote_; }

 private:
  std::shared_ptr<AsioSocket> self() { return std::static_pointer_cast<AsioSocket>(shared_from_this()); }

  void wait_readable() {
    socket_.async_wait(tcp::socket::wait_read, [self = self()](const std::error_code& error) {
      if (!error) self->readable();
    });
  }

  void readable() {
    for (std::size_t i = 0; i < kReadsInARow && events_; ++i) {
      std::error_code error;
      const std::size_t n = socket_.read_some(asio::buffer(impl_.buffer), error);
      if (error == asio::error::would_block || error == asio::error::try_again) break;
      if (error) return ended(error == asio::error::eof ? "the peer closed the connection" : error.message());
      events_->on_bytes(MutableBytes(impl_.buffer).first(n));
      if (n < impl_.buffer.size()) break;
    }
    if (events_) wait_readable();
  }

  void wait_writable() {
    waiting_ = true;
    socket_.async_wait(tcp::socket::wait_write, [self = self()](const std::error_code& error) {
      self->waiting_ = false;
      if (!error && self->events_) self->events_->on_writable();
    });
  }

  void ended(const std::string& why) {
    if (Events* events = std::exchange(events_, nullptr)) events->on_end(why);
  }

  Loop::Impl& impl_;
  tcp::socket socket_;
  TcpEndpoint local_, remote_;
  Events* events_ = nullptr;
  bool waiting_ = false;
};

class AsioListener final : public TcpListener {
 public:
  // Shared with the handlers that asio holds; the listener's destructor closes it.
  struct State : std::enable_shared_from_this<State> {
    State(Loop::Impl& loop_impl, Accept to_accept)
        : impl(loop_impl), acceptor(impl.io), timer(impl.io), accept(std::move(to_accept)) {}
    void wait() {
      acceptor.async_accept([self = shared_from_this()](const std::error_code& error, tcp::socket socket) {
        if (!self->acceptor.is_open()) return;
        if (error) {
          log(Level::kWarning, "accepting a peer failed: {}", error.message());
          self->timer.expires_after(kAcceptRest);
          self->timer.async_wait([self](const std::error_code& stopped) {
            if (!stopped && self->acceptor.is_open()) self->wait();
          });
          return;
        }
        self->accept(std::make_shared<AsioSocket>(self->impl, std::move(socket)));
        if (self->acceptor.is_open()) self->wait();
      });
    }
    Loop::Impl& impl;
    tcp::acceptor acceptor;
    asio::steady_timer timer;
    Accept accept;
  };

  explicit AsioListener(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~AsioListener() override {
    std::error_code error;
    state_->acceptor.close(error);
    state_->timer.cancel();
    state_->accept = nullptr;
  }
  TcpEndpoint local() const override {
    std::error_code error;
    return endpoint_of(state_->acceptor.local_endpoint(error));
  }

 private:
  std::shared_ptr<State> state_;
};

Code code_of(const std::error_code& error) {
  if (error == asio::error::address_in_use) return Code::kBusy;
  if (error == asio::error::address_family_not_supported || error == std::errc::address_not_available)
    return Code::kUnsupported;
  return error == asio::error::access_denied ? Code::kDenied : Code::kUnreachable;
}

}  // namespace

Result<std::unique_ptr<TcpListener>> TcpListener::open(Loop& loop, const TcpEndpoint& at, Accept accept) {
  TRY_ASSIGN(const tcp::endpoint endpoint, asio_endpoint(at));
  auto state = std::make_shared<AsioListener::State>(loop.impl(), std::move(accept));
  std::error_code error;
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) state->acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(code_of(error), "listening on " + to_text(at) + ": " + error.message());
  state->wait();
  return std::make_unique<AsioListener>(std::move(state));
}

void tcp_connect(Loop& loop, const TcpEndpoint& to, Millis deadline,
                 std::function<void(Result<std::shared_ptr<TcpSocket>>)> done) {
  const auto endpoint = asio_endpoint(to);
  if (!endpoint) {
    loop.post([done = std::move(done), error = endpoint.error()] { done(fail(error)); });
    return;
  }
  struct Attempt {
    explicit Attempt(Loop::Impl& impl) : socket(impl.io), timer(impl.io) {}
    tcp::socket socket;
    asio::steady_timer timer;
    bool late = false;
  };
  auto attempt = std::make_shared<Attempt>(loop.impl());
  attempt->timer.expires_after(deadline);
  attempt->timer.async_wait([attempt](const std::error_code& error) {
    if (error) return;
    attempt->late = true;
    std::error_code ignored;
    attempt->socket.close(ignored);
  });
  attempt->socket.async_connect(
      *endpoint, [attempt, impl = &loop.impl(), to, done = std::move(done)](const std::error_code& error) {
        attempt->timer.cancel();
        if (attempt->late) return done(fail(Code::kTimeout, "connecting to " + to_text(to) + " took too long"));
        if (error) return done(fail(Code::kUnreachable, "connecting to " + to_text(to) + ": " + error.message()));
        done(std::make_shared<AsioSocket>(*impl, std::move(attempt->socket)));
      });
}

}  // namespace rfs::p2p
