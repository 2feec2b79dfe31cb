#include "fs/socket_connection.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "base/secret.h"
#include "fs/socket_protocol.h"

namespace rfs {
namespace {

constexpr std::uint64_t kMostSecret = 1u << 20;  // what secrets/ takes

Result<> send_body(int fd, BytesView bytes) {
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), wire::kPiece);
    TRY(wire::send_frame(fd, wire::Type::kData, bytes.first(n)));
    bytes = bytes.subspan(n);
  }
  return {};
}

// The document of a put: data frames up to the size that was said, then end. `take` is given each piece with its
// offset; what held it is wiped when `secret`.
template <class Take>
Result<> receive_body(int fd, std::uint64_t size, bool secret, Take take) {
  std::uint64_t got = 0;
  while (true) {
    TRY_ASSIGN(wire::Frame frame, wire::receive_frame(fd));
    if (frame.type == wire::Type::kEnd && got == size) return {};
    if (frame.type != wire::Type::kData || got + frame.payload.size() > size)
      return fail(Code::kBroken, "a put that is not as long as it said");
    take(got, BytesView(frame.payload));
    got += frame.payload.size();
    if (secret) ::explicit_bzero(frame.payload.data(), frame.payload.size());
  }
}

// Values of credentials are gathered in locked memory.
bool holds_secret(std::string_view path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return path.starts_with("secrets/");
}

// The answer up to, and without, its end frame; what the end frame counts.
Result<std::uint64_t> answer(int fd, const wire::Request& request, Access& access, std::string_view body) {
  switch (request.verb) {
    case wire::Verb::kCat:
      // A client that has gone ends the walk.
      TRY(access.cat(request.path, [&](BytesView bytes) { return send_body(fd, bytes).has_value(); }));
      return 0;
    case wire::Verb::kList: {
      TRY_ASSIGN(auto infos, access.list(request.path));
      for (const PathInfo& info : infos) TRY(wire::send_frame(fd, wire::Type::kItem, wire::encode(info)));
      return infos.size();
    }
    case wire::Verb::kStat: {
      TRY_ASSIGN(PathInfo info, access.stat(request.path, request.fetch));
      TRY(wire::send_frame(fd, wire::Type::kItem, wire::encode(info)));
      return 1;
    }
    case wire::Verb::kPut:
      TRY(access.put(request.path, body, request.attributes));
      return 1;
    case wire::Verb::kPutAll: {
      const auto files = wire::decode_files(view(body));
      if (!files) return fail(Code::kBroken, "a request that is not of the form");
      TRY(access.put_all(*files));
      return files->size();
    }
    case wire::Verb::kPutFrom:  // see put_stream
      break;
    case wire::Verb::kRemove:
      return access.remove(request.path);
    case wire::Verb::kControl:
      TRY(access.control(request.path));
      return 1;
  }
  return fail(Code::kUnsupported, "a request of another version of runnerfs");
}

// Content of any size, as it comes. What is left of it after a failure is read and dropped, so that the next request
// begins where it should.
Result<std::uint64_t> put_stream(int fd, const wire::Request& request, Access& access) {
  wire::Frame frame{wire::Type::kData, {}};
  bool ended = false;
  const auto next = [&]() -> Result<BytesView> {
    while (!ended) {
      TRY_ASSIGN(frame, wire::receive_frame(fd));
      if (frame.type == wire::Type::kData && frame.payload.empty()) continue;
      if (frame.type == wire::Type::kData) return BytesView(frame.payload);
      ended = true;
      if (frame.type == wire::Type::kEnd) break;
      auto given_up = frame.type == wire::Type::kError ? wire::decode_error(frame.payload) : std::nullopt;
      if (!given_up) return fail(Code::kAborted, "a put that is not of the form");
      return fail(std::move(*given_up));
    }
    return BytesView();
  };
  Result<> done = fail(Code::kUnsupported, "a credential is put whole", "use `runnerfs secret put`");
  if (!holds_secret(request.path)) done = access.put_from(request.path, next, request.attributes);
  while (!ended && !(!done && done.error().code == Code::kAborted)) {
    const auto rest = next();
    if (!rest && !ended) return fail(rest.error());
  }
  if (!done) return fail(std::move(done.error()));
  return 1;
}

Result<> send_error(int fd, const Error& error) {
  return wire::send_frame(fd, wire::Type::kError, wire::encode(error));
}

// A failure ends the connection; what it was is told as far as the other side still listens.
Result<> greet(int fd, const ConnectionOptions& options, Caller& caller) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return fail_errno(errno, "SO_PEERCRED");
  if (peer.uid != options.served && peer.uid != 0)
    return fail(Code::kDenied, fmt::format("this daemon serves uid {}, not uid {}", options.served, peer.uid));
  caller = Caller{peer.uid, peer.gid, peer.pid};
  TRY_ASSIGN(wire::Frame frame, wire::receive_frame(fd));
  const auto version = frame.type == wire::Type::kHello ? wire::decode_text(frame.payload) : std::nullopt;
  if (!version) return fail(Code::kBroken, "the other side of the socket does not speak this protocol");
  if (*version != RFS_VERSION)
    return fail(Code::kUnsupported, fmt::format("the daemon is runnerfs {}, this is {}", RFS_VERSION, *version),
                "unmount and mount again with the version that you run");
  return wire::send_frame(fd, wire::Type::kHello, wire::encode_text(RFS_VERSION));
}

Result<> serve_one(int fd, Access& access, Counters& counters) {
  TRY_ASSIGN(wire::Frame frame, wire::receive_frame(fd));
  const auto request = frame.type == wire::Type::kRequest ? wire::decode_request(frame.payload) : std::nullopt;
  if (!request) return fail(Code::kBroken, "a request that is not of the form");
  counters.add(Counter::kSocketRequests);
  std::string document;
  SecretBytes value;
  std::string_view body;
  if (request->verb == wire::Verb::kPut || request->verb == wire::Verb::kPutAll) {
    const bool several = request->verb == wire::Verb::kPutAll;
    const bool secret = several || holds_secret(request->path);
    const std::uint64_t most = secret && !several ? kMostSecret : wire::kMostPut;
    if (request->size > most)
      return fail(Code::kTooLarge, fmt::format("a put of more than {} bytes", most), "store less");
    if (secret) {
      value = SecretBytes(request->size);
      TRY(receive_body(fd, request->size, true, [&](std::uint64_t at, BytesView piece) {
        std::copy(piece.begin(), piece.end(), value.reveal_mutable().subspan(at).begin());
      }));
      body = value.reveal_text();
    } else {
      TRY(receive_body(fd, request->size, false, [&](std::uint64_t, BytesView piece) { document += text(piece); }));
      body = document;
    }
  }
  auto count = request->verb == wire::Verb::kPutFrom ? put_stream(fd, *request, access) : answer(fd, *request, access, body);
  if (!count) return send_error(fd, count.error());
  return wire::send_frame(fd, wire::Type::kEnd, wire::encode_number(*count));
}

}  // namespace

void serve_connection(int fd, const ConnectionOptions& options, Namespace& root, const std::shared_ptr<Guard>& guard,
                      Counters& counters) {
  try {
    Caller caller;
    Result<> going = greet(fd, options, caller);
    GuardedTree tree(root, guard);
    WalkAccess access(tree, caller, options.deadline);
    while (going) going = serve_one(fd, access, counters);
    if (going.error().code != Code::kAborted) (void)send_error(fd, going.error());
  } catch (const std::exception& error) {
    // Out of memory in one request must not take the daemon down.
    log(Level::kError, "a socket connection ended early: {}", error.what());
  }
}

}  // namespace rfs
