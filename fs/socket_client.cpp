#include <fmt/core.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"
#include "fs/socket.h"
#include "fs/socket_address.h"
#include "fs/socket_protocol.h"

namespace rfs {

struct SocketAccess::Impl {
  std::string path;
  Millis patience{0};  // for the greeting
  Fd fd;

  Result<> connect();
  Result<> connected() { return fd ? Result<>() : connect(); }
  Result<wire::Frame> receive();
  // Sends the request and the body, hands each data or item frame to `take` until the end. Answers the end's count.
  // `take` false: the rest is not wanted. source: of a put of a stream, in the place of the body.
  Result<std::uint64_t> ask(const wire::Request& request, std::string_view body,
                            const std::function<Result<bool>(const wire::Frame&)>& take, const Source* source = nullptr);
  Result<std::uint64_t> ask_once(const wire::Request& request, std::string_view body,
                                 const std::function<Result<bool>(const wire::Frame&)>& take, const Source* source, bool& whole);
  Result<> send_stream(const Source& source, Result<>& failed);
};

namespace {

// Of each system call that waits, connect(2) too; 0: without an end, for what an answer may take is the daemon's to
// say.
void bound_waits(int fd, Millis patience) {
  const timeval time{patience.count() / 1000, patience.count() % 1000 * 1000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

}  // namespace

Result<> SocketAccess::Impl::connect() {
  sockaddr_un address{};
  TRY(socket_address(path, address));
  Fd made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!made) return fail_errno(errno, "socket");
  const auto silent = [&] {
    return fail(Code::kTimeout, fmt::format("the daemon at {} does not answer", path),
                "it may be stopped, or dying: end it, or `runnerfs umount -l` its mount");
  };
  bound_waits(made.get(), patience);
  while (::connect(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return silent();
    if (errno == EACCES || errno == EPERM)
      return fail(Code::kDenied, fmt::format("the daemon at {} serves another user", path));
    return fail(Code::kUnreachable, fmt::format("no daemon listens at {}", path),
                "start one with `runnerfs mount` or `runnerfs serve`");
  }
  // Secrets are written to it: in a directory that others can write, it could be anybody's.
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(made.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return fail_errno(errno, "SO_PEERCRED");
  const uid_t me = ::geteuid();
  if (peer.uid != me && peer.uid != 0 && me != 0)
    return fail(Code::kDenied, fmt::format("the daemon at {} belongs to uid {}", path, peer.uid));
  fd = std::move(made);
  // A server that refuses us has said so before it read our hello.
  (void)wire::send_frame(fd.get(), wire::Type::kHello, wire::encode_text(RFS_VERSION));
  auto hello = receive();
  if (hello && hello->type != wire::Type::kHello)
    hello = fail(Code::kBroken, "the daemon does not speak this protocol");
  if (hello && wire::decode_text(hello->payload) != RFS_VERSION)
    hello = fail(Code::kUnsupported, "the daemon is another version of runnerfs", "unmount and mount again");
  if (hello) {
    bound_waits(fd.get(), Millis(0));
    return {};
  }
  fd.reset();
  if (hello.error().code == Code::kTimeout) return silent();
  return fail(std::move(hello.error()));
}

// The next frame; an error frame is that error.
Result<wire::Frame> SocketAccess::Impl::receive() {
  TRY_ASSIGN(wire::Frame frame, wire::receive_frame(fd.get()));
  if (frame.type != wire::Type::kError) return frame;
  auto error = wire::decode_error(frame.payload);
  if (!error) return fail(Code::kBroken, "the daemon does not speak this protocol");
  return fail(std::move(*error));
}

Result<std::uint64_t> SocketAccess::Impl::ask(const wire::Request& request, std::string_view body,
                                              const std::function<Result<bool>(const wire::Frame&)>& take,
                                              const Source* source) {
  TRY(connected());
  bool whole = false;
  auto result = ask_once(request, body, take, source, whole);
  // In the middle of an answer the connection is of no more use; closing it also ends the daemon's work.
  if (!whole) fd.reset();
  return result;
}

// failed: what the source said; the daemon is told, so that it stores nothing.
Result<> SocketAccess::Impl::send_stream(const Source& source, Result<>& failed) {
  while (true) {
    auto piece = source();
    if (!piece) {
      failed = fail(piece.error());
      return wire::send_frame(fd.get(), wire::Type::kError, wire::encode(piece.error()));
    }
    if (piece->empty()) return wire::send_frame(fd.get(), wire::Type::kEnd, {});
    for (BytesView rest = *piece; !rest.empty(); rest = rest.subspan(std::min(rest.size(), wire::kPiece)))
      TRY(wire::send_frame(fd.get(), wire::Type::kData, rest.first(std::min(rest.size(), wire::kPiece))));
  }
}

Result<std::uint64_t> SocketAccess::Impl::ask_once(const wire::Request& request, std::string_view body,
                                                   const std::function<Result<bool>(const wire::Frame&)>& take,
                                                   const Source* source, bool& whole) {
  Result<> failed;
  Result<> sent = wire::send_frame(fd.get(), wire::Type::kRequest, wire::encode(request));
  if (request.verb == wire::Verb::kPut || request.verb == wire::Verb::kPutAll) {
    for (std::size_t at = 0; sent && at < body.size(); at += wire::kPiece)
      sent = wire::send_frame(fd.get(), wire::Type::kData, view(body.substr(at, wire::kPiece)));
    if (sent) sent = wire::send_frame(fd.get(), wire::Type::kEnd, {});
  }
  if (source != nullptr && sent) sent = send_stream(*source, failed);
  // Also when sending failed: the daemon may have said why before it closed.
  while (true) {
    auto got = wire::receive_frame(fd.get());
    if (!got && got.error().code == Code::kAborted)
      return fail(Code::kAborted, fmt::format("the daemon at {} ended before its answer did", path),
                  "is it being unmounted?");
    if (!got) return fail(std::move(got.error()));
    wire::Frame& frame = *got;
    if (frame.type == wire::Type::kError) {
      auto error = wire::decode_error(frame.payload);
      whole = error.has_value() && sent.has_value();
      if (!failed) return fail(std::move(failed.error()));
      return error ? fail(std::move(*error)) : fail(Code::kBroken, "the daemon does not speak this protocol");
    }
    if (frame.type == wire::Type::kEnd) {
      auto count = wire::decode_number(frame.payload);
      whole = count.has_value();
      if (!count) return fail(Code::kBroken, "the daemon does not speak this protocol");
      return *count;
    }
    TRY_ASSIGN(bool more, take(frame));
    if (!more) return 0;
  }
}

SocketAccess::SocketAccess() : impl_(std::make_unique<Impl>()) {}
SocketAccess::~SocketAccess() = default;

Result<std::unique_ptr<SocketAccess>> SocketAccess::connect(const std::string& path, Millis patience) {
  std::unique_ptr<SocketAccess> access(new SocketAccess);
  access->impl_->path = path;
  access->impl_->patience = patience;
  TRY(access->impl_->connect());
  return access;
}

namespace {

// Takes frames of one type only.
std::function<Result<bool>(const wire::Frame&)> only(wire::Type type, std::function<Result<bool>(BytesView)> take) {
  return [type, take = std::move(take)](const wire::Frame& frame) -> Result<bool> {
    if (frame.type != type) return fail(Code::kBroken, "the daemon does not speak this protocol");
    return take(frame.payload);
  };
}

std::function<Result<bool>(const wire::Frame&)> into(std::vector<PathInfo>& infos) {
  return only(wire::Type::kItem, [&infos](BytesView payload) -> Result<bool> {
    auto info = wire::decode_info(payload);
    if (!info) return fail(Code::kBroken, "the daemon does not speak this protocol");
    infos.push_back(std::move(*info));
    return true;
  });
}

std::function<Result<bool>(const wire::Frame&)> nothing() {
  return only(wire::Type::kEnd, [](BytesView) -> Result<bool> { return true; });
}

}  // namespace

Result<> SocketAccess::cat(const std::string& path, const std::function<bool(BytesView)>& sink) {
  TRY(impl_->ask({wire::Verb::kCat, path}, {},
                 only(wire::Type::kData, [&](BytesView bytes) -> Result<bool> { return sink(bytes); })));
  return {};
}

Result<std::vector<PathInfo>> SocketAccess::list(const std::string& path) {
  std::vector<PathInfo> infos;
  TRY(impl_->ask({wire::Verb::kList, path}, {}, into(infos)));
  return infos;
}

Result<PathInfo> SocketAccess::stat(const std::string& path, bool fetch) {
  std::vector<PathInfo> infos;
  TRY(impl_->ask({wire::Verb::kStat, path, {}, fetch}, {}, into(infos)));
  if (infos.size() != 1) return fail(Code::kBroken, "the daemon does not speak this protocol");
  return infos[0];
}

Result<> SocketAccess::put(const std::string& path, std::string_view content, const Attributes& attributes) {
  if (content.size() > wire::kMostPut)
    return fail(Code::kTooLarge, fmt::format("{}: more than {} bytes", path, wire::kMostPut), "store less");
  TRY(impl_->ask({wire::Verb::kPut, path, attributes, false, content.size()}, content, nothing()));
  return {};
}

Result<> SocketAccess::put_from(const std::string& path, const Source& source, const Attributes& attributes) {
  TRY(impl_->ask({wire::Verb::kPutFrom, path, attributes, false, 0}, {}, nothing(), &source));
  return {};
}

Result<> SocketAccess::put_all(std::span<const NewFile> files) {
  const SecretBytes all = wire::encode(files);
  if (all.size() > wire::kMostPut)
    return fail(Code::kTooLarge, fmt::format("more than {} bytes at once", wire::kMostPut), "store them in parts");
  TRY(impl_->ask({wire::Verb::kPutAll, "", {}, false, all.size()}, all.reveal_text(), nothing()));
  return {};
}

Result<std::uint64_t> SocketAccess::remove(const std::string& path) {
  return impl_->ask({wire::Verb::kRemove, path}, {}, nothing());
}

Result<> SocketAccess::control(const std::string& command) {
  TRY(impl_->ask({wire::Verb::kControl, command}, {}, nothing()));
  return {};
}

}  // namespace rfs
