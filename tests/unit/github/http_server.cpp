#include "tests/unit/github/http_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cstdlib>

namespace rfs {

namespace {

void say_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

Seen parse(const std::string& head) {
  Seen seen;
  const auto first = head.find(' ');
  seen.target = head.substr(first + 1, head.find(' ', first + 1) - first - 1);
  for (auto at = head.find("\r\n"); at != std::string::npos;) {
    const auto begin = at + 2, end = head.find("\r\n", begin), colon = head.find(": ", begin);
    if (end == std::string::npos || end == begin) break;
    std::string name = head.substr(begin, colon - begin);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    seen.headers[name] = head.substr(colon + 2, end - colon - 2);
    at = end;
  }
  return seen;
}

std::string head_of(const Say& say) {
  std::string head = "HTTP/1.1 " + std::to_string(say.status) + " Said\r\n";
  for (const auto& [name, value] : say.headers) head += name + ": " + value + "\r\n";
  const std::size_t length = say.body.size() + (say.how == Say::How::kCut ? 10 : 0);
  if (say.how == Say::How::kChunkCut)
    head += "Transfer-Encoding: chunked\r\n";
  else if (say.how != Say::How::kNoLength && say.status != 204 && say.status != 304)
    head += "Content-Length: " + std::to_string(length) + "\r\n";
  return head + "\r\n";
}

}  // namespace

HttpServer::HttpServer(Script script) : script_(std::move(script)) {
  listen_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  end_ = Fd(::eventfd(0, EFD_CLOEXEC));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listen_.get(), any, size) != 0 || ::listen(listen_.get(), 128) != 0) std::abort();
  ::getsockname(listen_.get(), any, &size);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  const std::uint64_t one = 1;
  if (::write(end_.get(), &one, sizeof one) < 0) std::abort();
  accepting_.join();
  auto threads = std::move(*threads_.lock());
  for (auto& thread : threads) thread.join();
}

bool HttpServer::wait_readable(int fd) const {
  pollfd both[2] = {{fd, POLLIN, 0}, {end_.get(), POLLIN, 0}};
  ::poll(both, 2, -1);
  return both[1].revents == 0;
}

void HttpServer::wait_for_end() const {
  pollfd end{end_.get(), POLLIN, 0};
  ::poll(&end, 1, -1);
}

void HttpServer::accept_all() {
  while (wait_readable(listen_.get())) {
    Fd fd(::accept4(listen_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) continue;
    ++connections_;
    threads_.lock()->emplace_back([this, raw = fd.release()] { serve(Fd(raw)); });
  }
}

void HttpServer::serve(Fd fd) {
  std::string in;
  for (;;) {
    auto end = in.find("\r\n\r\n");
    if (end == std::string::npos) {
      char buffer[8192];
      if (!wait_readable(fd.get())) return;
      const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
      if (n <= 0) return;
      in.append(buffer, static_cast<std::size_t>(n));
      if (in[0] < 'A' || in[0] > 'Z') return;  // no method: a TLS handshake, for one
      continue;
    }
    const Seen seen = parse(in.substr(0, end + 4));
    in.erase(0, end + 4);
    seen_.lock()->push_back(seen);
    const Say say = script_(seen);
    switch (say.how) {
      case Say::How::kStall:
        return wait_for_end();
      case Say::How::kClose:
        return;
      case Say::How::kNot:
        return say_all(fd.get(), "220 mail.example ESMTP\r\n");
      default:
        break;
    }
    say_all(fd.get(), head_of(say));
    switch (say.how) {
      case Say::How::kChunkCut:
        return say_all(fd.get(), "3\r\nabc\r\n");
      case Say::How::kStallMid:
        say_all(fd.get(), say.body.substr(0, say.body.size() / 2));
        return wait_for_end();
      case Say::How::kReset: {
        say_all(fd.get(), say.body.substr(0, say.body.size() / 2));
        linger now{1, 0};
        ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return;
      }
      default:
        break;
    }
    if (say.status != 204 && say.status != 304) say_all(fd.get(), say.body);
    if (say.how == Say::How::kCut || say.how == Say::How::kNoLength) return;
  }
}

}  // namespace rfs
