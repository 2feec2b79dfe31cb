#include <fmt/core.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <cerrno>
#include <list>
#include <optional>
#include <thread>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "fs/socket.h"
#include "fs/socket_address.h"
#include "fs/socket_connection.h"

namespace rfs {
namespace {

constexpr std::size_t kMostConnections = 1024;
constexpr std::size_t kStack = 512u << 10;  // a connection walks paths and copies pieces; JSON is the pool's

struct Connection {
  Fd fd;
  std::shared_ptr<Guard> guard = std::make_shared<Guard>();
  pthread_t thread{};
  std::atomic<bool> done = false;
  bool gone = false;  // the listener's own note: the client has left, its waits were ended
};

}  // namespace

// The listening thread accepts, watches for clients that leave, and joins threads that have ended. `connections` is
// its own; the other threads only set `done` and wake it.
struct SocketServer::Impl {
  std::string path;
  ConnectionOptions options;
  Namespace& root;
  Counters& counters;

  std::optional<FileLock> lock;
  Fd listener, wake;
  struct stat bound {};
  std::atomic<bool> stopping = false;
  std::thread listening;
  std::list<Connection> connections;

  Impl(std::string p, ConnectionOptions o, Namespace& r, Counters& n)
      : path(std::move(p)), options(o), root(r), counters(n) {}
  Result<> claim_path();
  Result<> listen();
  void run();
  void wait_for_events();
  void accept_one();
  void reap();
  void end_all();
  void wake_up() {
    const std::uint64_t one = 1;
    (void)!::write(wake.get(), &one, sizeof one);
  }
};

// A lock beside the socket says who lives, so that two daemons that start at once cannot take each other's socket away.
Result<> SocketServer::Impl::claim_path() {
  auto taken = FileLock::take(path + ".lock", FileLock::Kind::kExclusive);
  if (!taken && taken.error().code == Code::kBusy)
    return fail(Code::kBusy, fmt::format("another daemon serves {}", path), "unmount it first, or name another socket");
  if (!taken) return fail(std::move(taken.error()));
  lock.emplace(std::move(*taken));
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return errno == ENOENT ? Result<>() : fail_errno(errno, path);
  if (!S_ISSOCK(found.st_mode))
    return fail(Code::kExists, fmt::format("{} is there and is no socket", path), "remove it, or name another socket");
  // Nobody holds the lock: its daemon is dead.
  if (::unlink(path.c_str()) != 0) return fail_errno(errno, path);
  return {};
}

Result<> SocketServer::Impl::listen() {
  sockaddr_un address{};
  TRY(socket_address(path, address));
  TRY(make_directories(path.substr(0, path.rfind('/'))));
  TRY(claim_path());
  listener.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!listener || !wake) return fail_errno(errno, "socket");
  // bind() takes the mode from the socket itself: there is no moment in which others could connect.
  if (::fchmod(listener.get(), 0600) != 0 ||
      ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return fail_errno(errno, path);
  if (options.served != ::geteuid() && ::lchown(path.c_str(), options.served, static_cast<gid_t>(-1)) != 0)
    return fail_errno(errno, path);
  if (::lstat(path.c_str(), &bound) != 0 || ::listen(listener.get(), 1024) != 0) return fail_errno(errno, path);
  return {};
}

void SocketServer::Impl::run() {
  while (!stopping) {
    wait_for_events();
    reap();
  }
  end_all();
}

void SocketServer::Impl::wait_for_events() {
  std::vector<pollfd> fds;
  std::vector<Connection*> watched;
  fds.push_back({wake.get(), POLLIN, 0});
  // When there are too many, new ones wait in the backlog.
  const bool room = connections.size() < kMostConnections;
  fds.push_back({room ? listener.get() : -1, POLLIN, 0});
  for (Connection& one : connections) {
    if (one.gone || one.done) continue;
    fds.push_back({one.fd.get(), POLLRDHUP, 0});
    watched.push_back(&one);
  }
  if (::poll(fds.data(), fds.size(), -1) < 0) return;
  if (fds[0].revents) {
    std::uint64_t count = 0;
    (void)!::read(wake.get(), &count, sizeof count);
  }
  for (std::size_t i = 0; i < watched.size(); ++i) {
    if (!fds[i + 2].revents) continue;
    watched[i]->gone = true;
    watched[i]->guard->abort();
  }
  if (fds[1].revents && !stopping) accept_one();
}

void SocketServer::Impl::accept_one() {
  Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) {
    // Out of descriptors: the connection stays in the backlog. Do not spin on it.
    if (errno == EMFILE || errno == ENFILE) std::this_thread::sleep_for(Millis(100));
    return;
  }
  connections.emplace_back();
  Connection& one = connections.back();
  one.fd = std::move(fd);
  struct Start {
    Impl* server;
    Connection* connection;
  };
  auto start = std::make_unique<Start>(Start{this, &one});
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  const int error = pthread_create(
      &one.thread, &attributes,
      [](void* argument) -> void* {
        std::unique_ptr<Start> mine(static_cast<Start*>(argument));
        Impl& server = *mine->server;
        Connection& connection = *mine->connection;
        serve_connection(connection.fd.get(), server.options, server.root, connection.guard, server.counters);
        connection.done = true;
        server.wake_up();
        return nullptr;
      },
      start.get());
  pthread_attr_destroy(&attributes);
  if (error == 0) {
    (void)start.release();
  } else {
    log(Level::kWarning, "no thread for a socket connection: {}", fail_errno(error, "pthread_create").value().message);
    connections.pop_back();
  }
}

void SocketServer::Impl::reap() {
  for (auto one = connections.begin(); one != connections.end();) {
    if (!one->done) {
      ++one;
      continue;
    }
    pthread_join(one->thread, nullptr);
    one = connections.erase(one);
  }
}

void SocketServer::Impl::end_all() {
  for (Connection& one : connections) {
    one.guard->abort();
    ::shutdown(one.fd.get(), SHUT_RDWR);
  }
  for (Connection& one : connections) pthread_join(one.thread, nullptr);
  connections.clear();
}

SocketServer::SocketServer(std::string path, uid_t served, Namespace& root, Counters& counters, Millis deadline)
    : impl_(std::make_unique<Impl>(std::move(path), ConnectionOptions{served, deadline}, root, counters)) {}

SocketServer::~SocketServer() { stop(); }

Result<> SocketServer::start() {
  TRY(impl_->listen());
  impl_->listening = std::thread([impl = impl_.get()] { impl->run(); });
  return {};
}

void SocketServer::stop() {
  Impl& impl = *impl_;
  if (impl.listening.joinable()) {
    impl.stopping = true;
    impl.wake_up();
    impl.listening.join();
    // Only our own: somebody may have put another one there by hand.
    struct stat found {};
    if (::lstat(impl.path.c_str(), &found) == 0 && found.st_dev == impl.bound.st_dev &&
        found.st_ino == impl.bound.st_ino)
      ::unlink(impl.path.c_str());
  }
  impl.listener.reset();
  if (impl.lock) impl.lock->remove();
  impl.lock.reset();
}

}  // namespace rfs
