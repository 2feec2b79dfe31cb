#include "p2p/loop.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "base/handle.h"
#include "base/log.h"
#include "p2p/loop_impl.h"

namespace rfs::p2p {
namespace {

constexpr int kResolvingMost = 4;
constexpr std::size_t kAddressesMost = 16;

Result<std::vector<TcpEndpoint>> look_up(const TcpEndpoint& name) {
  using Kind = TcpEndpoint::Kind;
  addrinfo hints{};
  hints.ai_family = name.kind == Kind::kDns4 ? AF_INET : name.kind == Kind::kDns6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(name.host.c_str(), nullptr, &hints, &list); error != 0)
    return fail(Code::kUnreachable, std::string("the name of a peer does not resolve: ") + ::gai_strerror(error));
  const Handle<addrinfo, ::freeaddrinfo> owned(list);
  std::vector<TcpEndpoint> found;
  for (const addrinfo* one = list; one && found.size() < kAddressesMost; one = one->ai_next) {
    char chars[INET6_ADDRSTRLEN];
    const bool six = one->ai_family == AF_INET6;
    const void* address = six ? static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(one->ai_addr)->sin6_addr)
                              : static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(one->ai_addr)->sin_addr);
    if (!six && one->ai_family != AF_INET) continue;
    if (::inet_ntop(one->ai_family, address, chars, sizeof chars))
      found.push_back({six ? Kind::kIp6 : Kind::kIp4, chars, name.port});
  }
  return found;
}

// Signals are for the threads that expect them; here SIGPIPE must stay an EPIPE.
std::thread quiet_thread(std::function<void()> body) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread made(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return made;
}

}  // namespace

Loop::Loop(const char* name) : impl_(std::make_shared<Impl>()) {
  impl_->thread = quiet_thread([impl = impl_.get()] { impl->io.run(); });
  ::pthread_setname_np(impl_->thread.native_handle(), name);
}

Loop::~Loop() { stop(); }

void Loop::stop() {
  impl_->stopped = true;
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

bool Loop::inside() const { return std::this_thread::get_id() == impl_->thread.get_id(); }

bool Loop::post(std::function<void()> job) {
  if (impl_->stopped) return false;
  asio::post(impl_->io, std::move(job));
  return true;
}

void Loop::after(Millis delay, std::function<void()> job) {
  post([impl = impl_.get(), delay, job = std::move(job)]() mutable {
    auto timer = std::make_shared<asio::steady_timer>(impl->io, delay);
    timer->async_wait([timer, job = std::move(job)](const std::error_code& error) {
      if (!error) job();
    });
  });
}

void Loop::resolve(const TcpEndpoint& name, std::function<void(Result<std::vector<TcpEndpoint>>)> done) {
  if (++impl_->resolving > kResolvingMost) {
    --impl_->resolving;
    post([done = std::move(done)] { done(fail(Code::kLimited, "too many names of peers are being resolved")); });
    return;
  }
  // Detached, since getaddrinfo cannot be cancelled: what it touches is kept alive by the shared pointer.
  quiet_thread([impl = impl_, name, done = std::move(done)]() mutable {
    auto found = look_up(name);
    --impl->resolving;
    if (!impl->stopped)
      asio::post(impl->io, [done = std::move(done), found = std::move(found)]() mutable { done(std::move(found)); });
  }).detach();
}

}  // namespace rfs::p2p
