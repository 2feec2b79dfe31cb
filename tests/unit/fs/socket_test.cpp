// The Unix socket, both sides in one process: answers, refusals, clients that leave, daemons that die.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <map>
#include <thread>

#include "base/fd.h"
#include "base/file.h"
#include "base/sync.h"
#include "fs/socket.h"
#include "fs/socket_address.h"
#include "fs/socket_protocol.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

// A tree of flat files. "stuck" is opened but never answered until the test lets it; every call's reader is recorded.
class FlatTree final : public Namespace {
 public:
  Result<Node> lookup(const std::string& path, const Caller& caller) override {
    auto s = state.lock();
    s->caller = caller;
    if (path.empty()) return Node{Node::Kind::kDirectory, nullptr, 0700, 0};
    if (path == "stuck") return Node{Node::Kind::kUnbound, nullptr, 0600, 0};
    auto at = s->files.find(path);
    if (at == s->files.end()) return Node{};
    return Node{Node::Kind::kFile, text_file(at->second, 1, false), 0600, 0};
  }
  Result<std::vector<Listing>> list(const std::string&, const Caller&) override {
    std::vector<Listing> out;
    for (auto& [name, content] : state.lock()->files) out.push_back({name, false});
    return out;
  }
  void bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) override {
    open(path, caller, nullptr, std::move(reply));
  }
  void open(const std::string& path, const Caller&, FilePtr, Reply<FilePtr> reply) override {
    auto s = state.lock();
    if (path == "stuck") {
      s->stuck.push_back(std::move(reply));
      changed.notify_all();
      return;
    }
    auto at = s->files.find(path);
    if (at == s->files.end()) return reply(fail(Code::kNotFound, "no such file", "look elsewhere", 7));
    reply(text_file(at->second, 1, false));
  }
  Result<std::unique_ptr<Writer>> write(const std::string& path, const Caller&, bool, bool, bool) override {
    struct Put final : Writer {
      Put(FlatTree& t, std::string p) : tree(t), path(std::move(p)) {}
      Result<> write(std::uint64_t offset, BytesView bytes) override {
        if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
        std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
        return {};
      }
      Result<> truncate(std::uint64_t size) override {
        content.resize(size);
        return {};
      }
      std::uint64_t size() const override { return content.size(); }
      Result<Bytes> read(std::uint64_t, std::size_t) const override { return Bytes{}; }
      void commit(bool, Reply<FilePtr> reply) override {
        if (content.find("bad") == 0) return reply(fail(Code::kInvalid, "bad content", "write better", 3));
        tree.state.lock()->files[path] = content;
        reply(text_file(content, 1, false));
      }
      FlatTree& tree;
      std::string path, content;
    };
    return std::make_unique<Put>(*this, path);
  }
  Result<> remove(const std::string& path, const Caller&) override {
    if (!state.lock()->files.erase(path)) return fail(Code::kNotFound, "no such file");
    return {};
  }

  // Waits until a reader is stuck.
  void wait_stuck(std::size_t n = 1) {
    auto s = state.lock();
    changed.wait(s.lock(), [&] { return s->stuck.size() >= n; });
  }

  struct State {
    std::map<std::string, std::string> files;
    std::vector<Reply<FilePtr>> stuck;
    Caller caller;
  };
  Sync<State> state;
  std::condition_variable changed;
};

struct SocketRig {
  explicit SocketRig(uid_t served = ::geteuid()) : server(path, served, tree, counters, Millis(60'000)) {}
  ~SocketRig() {
    server.stop();
    ::unlink((path + ".lock").c_str());
    ::rmdir(directory.c_str());
  }
  std::unique_ptr<SocketAccess> client() { return SocketAccess::connect(path).value(); }
  static std::string make_directory() {
    char name[] = "/tmp/rfs-socket-XXXXXX";
    return ::mkdtemp(name);
  }
  FlatTree tree;
  Counters counters;
  const std::string directory = make_directory();
  const std::string path = directory + "/socket";
  SocketServer server;
};

Result<std::string> cat(Access& access, const std::string& path) {
  std::string out;
  TRY(access.cat(path, [&](BytesView bytes) {
    out += text(bytes);
    return true;
  }));
  return out;
}

Fd raw_connection(const std::string& path) {
  sockaddr_un address{};
  REQUIRE(socket_address(path, address));
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

}  // namespace

TEST_CASE("files are read, listed, written and removed through the socket as in the tree") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  std::string big(3'000'000, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 2654435761u >> 24);
  rig.tree.state.lock()->files = {{"small", "hello"}, {"empty", ""}, {"big", big}};
  auto access = rig.client();
  CHECK(cat(*access, "small").value() == "hello");
  CHECK(cat(*access, "empty").value().empty());
  CHECK(cat(*access, "big").value() == big);
  CHECK(access->list("").value().size() == 3);
  auto info = access->stat("small", false).value();
  CHECK(info.size == 5);
  CHECK(info.held);
  CHECK_FALSE(info.directory);
  REQUIRE(access->put("new", big, {}));
  CHECK(cat(*access, "new").value() == big);
  REQUIRE(access->put("none", "", {}));
  CHECK(rig.tree.state.lock()->files["none"].empty());
  CHECK(access->remove("new").value() == 1);
  CHECK(cat(*access, "new").error().code == Code::kNotFound);
  CHECK(rig.tree.state.lock()->caller.uid == ::geteuid());
  CHECK(rig.tree.state.lock()->caller.pid == ::getpid());
  CHECK(rig.counters.get(Counter::kSocketRequests) == 10);
}

TEST_CASE("an error crosses the socket whole, and the connection goes on") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  auto access = rig.client();
  auto refused = access->put("k", "bad", {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kInvalid);
  CHECK(refused.error().message == "bad content");
  CHECK(refused.error().hint == "write better");
  CHECK(refused.error().position == 3);
  CHECK(access->put("k", "good", {}));
}

TEST_CASE("a reader who has enough ends the answer, and can ask again") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  rig.tree.state.lock()->files["big"] = std::string(50'000'000, 'x');
  auto access = rig.client();
  std::size_t seen = 0;
  REQUIRE(access->cat("big", [&](BytesView bytes) {
    seen += bytes.size();
    return false;
  }));
  CHECK(seen <= wire::kPiece);
  CHECK(access->stat("big", false).value().size == 50'000'000);
}

TEST_CASE("many clients at once are answered each with its own") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  for (int i = 0; i < 40; ++i)
    rig.tree.state.lock()->files[std::to_string(i)] = std::string(10'000, static_cast<char>('a' + i % 26));
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 40; ++i)
    threads.emplace_back([&, i] {
      auto access = SocketAccess::connect(rig.path);
      if (!access) return;
      for (int n = 0; n < 5; ++n)
        right += cat(**access, std::to_string(i)).value_or("") == std::string(10'000, static_cast<char>('a' + i % 26));
    });
  for (auto& thread : threads) thread.join();
  CHECK(right == 200);
}

TEST_CASE("a client that leaves ends its wait, and its thread") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  {
    Fd fd = raw_connection(rig.path);
    REQUIRE(wire::send_frame(fd.get(), wire::Type::kHello, wire::encode_text(RFS_VERSION)));
    REQUIRE(wire::receive_frame(fd.get()).value().type == wire::Type::kHello);
    REQUIRE(wire::send_frame(fd.get(), wire::Type::kRequest, wire::encode(wire::Request{wire::Verb::kCat, "stuck"})));
    rig.tree.wait_stuck();
  }
  // stop() joins every thread: it returns although nobody answered.
  rig.server.stop();
  CHECK(rig.tree.state.lock()->stuck.size() == 1);
}

TEST_CASE("stopping answers readers who are stuck, and removes the socket") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  std::vector<std::thread> readers;
  std::atomic<int> aborted = 0;
  for (int i = 0; i < 20; ++i)
    readers.emplace_back([&] {
      auto access = SocketAccess::connect(rig.path);
      if (access) aborted += cat(**access, "stuck").error().code == Code::kAborted;
    });
  rig.tree.wait_stuck(20);
  rig.server.stop();
  for (auto& reader : readers) reader.join();
  CHECK(aborted == 20);
  struct stat found {};
  CHECK(::lstat(rig.path.c_str(), &found) != 0);
  CHECK(::lstat((rig.path + ".lock").c_str(), &found) != 0);
  CHECK(SocketAccess::connect(rig.path).error().code == Code::kUnreachable);
  // Late answers find nobody and harm nothing.
  for (auto& reply : rig.tree.state.lock()->stuck) reply(text_file("late", 1, false));
}

TEST_CASE("the socket is its owner's alone, and another uid is told so") {
  if (::geteuid() != 0) return;  // root can serve another uid, and so stand on both sides
  SocketRig rig(12345);
  REQUIRE(rig.server.start());
  struct stat found {};
  REQUIRE(::lstat(rig.path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(found.st_uid == 12345);
  CHECK(rig.client()->list(""));  // root may
  REQUIRE(::chmod(rig.directory.c_str(), 0755) == 0);
  REQUIRE(::chmod(rig.path.c_str(), 0666) == 0);  // as if somebody had opened it
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setuid(23456) != 0) ::_exit(9);
    auto refused = SocketAccess::connect(rig.path);
    ::_exit(!refused && refused.error().code == Code::kDenied ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("a dead daemon's socket is replaced, a living one's is not") {
  SocketRig rig;
  {
    sockaddr_un address{};
    REQUIRE(socket_address(rig.path, address));
    Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  CHECK(SocketAccess::connect(rig.path).error().code == Code::kUnreachable);
  REQUIRE(rig.server.start());
  SocketServer second(rig.path, ::geteuid(), rig.tree, rig.counters, Millis(1000));
  CHECK(second.start().error().code == Code::kBusy);
  CHECK(rig.client()->list(""));
}

TEST_CASE("a file that is no socket is left alone") {
  SocketRig rig;
  REQUIRE(replace_file(rig.path, "precious"));
  CHECK(rig.server.start().error().code == Code::kExists);
  CHECK(read_file(rig.path).value() == "precious");
  ::unlink(rig.path.c_str());
}

TEST_CASE("a path over the kernel's limit is refused in words") {
  sockaddr_un address{};
  CHECK(socket_address("/" + std::string(106, 'a'), address));
  auto refused = socket_address("/" + std::string(107, 'a'), address);
  CHECK(refused.error().code == Code::kNameTooLong);
  CHECK(refused.error().message.find("107") != std::string::npos);
  CHECK(socket_address("relative", address).error().code == Code::kInvalid);
}

TEST_CASE("a daemon that is stopped is told to be so, and not waited for") {
  SocketRig rig;
  sockaddr_un address{};
  REQUIRE(socket_address(rig.path, address));
  // Connections to it are made by the kernel; nobody reads them.
  Fd stopped(::socket(AF_UNIX, SOCK_STREAM, 0));
  REQUIRE(::bind(stopped.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(stopped.get(), 8) == 0);
  const auto access = SocketAccess::connect(rig.path, Millis(50));
  CHECK(access.error().code == Code::kTimeout);
  CHECK(access.error().message.find(rig.path) != std::string::npos);
  ::unlink(rig.path.c_str());
}

TEST_CASE("another version is told which one the daemon is") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  Fd fd = raw_connection(rig.path);
  REQUIRE(wire::send_frame(fd.get(), wire::Type::kHello, wire::encode_text("99.0")));
  auto frame = wire::receive_frame(fd.get()).value();
  REQUIRE(frame.type == wire::Type::kError);
  auto error = wire::decode_error(frame.payload).value();
  CHECK(error.code == Code::kUnsupported);
  CHECK(error.message.find("99.0") != std::string::npos);
  CHECK(wire::receive_frame(fd.get()).error().code == Code::kAborted);
}

TEST_CASE("bytes that are no frames end a connection, and no other") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  auto access = rig.client();
  const std::string hello("\0\0\0\x0a\x01\0\0\0\x05" RFS_VERSION, 9 + sizeof(RFS_VERSION) - 1);
  const std::string rubbish[] = {
      std::string("GET / HTTP/1.1\r\n\r\n"),    std::string("\xff\xff\xff\xff\x01", 5),
      std::string("\0\0\0\0\x01", 5),           hello + std::string("\0\0\0\x03\x02\x63\x63", 7),
      hello + std::string("\0\0\0\x01\x03", 5),
  };
  for (const std::string& bytes : rubbish) {
    Fd fd = raw_connection(rig.path);
    REQUIRE(write_all(fd.get(), view(bytes)));
    // Whatever it says, it says it and closes.
    while (wire::receive_frame(fd.get())) {
    }
  }
  CHECK(access->list(""));
}

TEST_CASE("a put that is too large is refused before it is sent, and by the daemon too") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  Fd fd = raw_connection(rig.path);
  REQUIRE(wire::send_frame(fd.get(), wire::Type::kHello, wire::encode_text(RFS_VERSION)));
  REQUIRE(wire::receive_frame(fd.get()));
  REQUIRE(wire::send_frame(fd.get(), wire::Type::kRequest,
                           wire::encode(wire::Request{wire::Verb::kPut, "k", {}, false, wire::kMostPut + 1})));
  auto frame = wire::receive_frame(fd.get()).value();
  CHECK(wire::decode_error(frame.payload).value().code == Code::kTooLarge);

  Fd other = raw_connection(rig.path);
  REQUIRE(wire::send_frame(other.get(), wire::Type::kHello, wire::encode_text(RFS_VERSION)));
  REQUIRE(wire::receive_frame(other.get()));
  REQUIRE(wire::send_frame(other.get(), wire::Type::kRequest,
                           wire::encode(wire::Request{wire::Verb::kPut, "k", {}, false, 2})));
  REQUIRE(wire::send_frame(other.get(), wire::Type::kData, view("three")));
  CHECK(wire::receive_frame(other.get()).value().type == wire::Type::kError);
  CHECK(rig.tree.state.lock()->files.empty());
}

TEST_CASE("content of unknown length is put piece by piece, whole or not at all") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  auto access = rig.client();
  const std::string piece(200'001, 'x');
  int pieces = 0;
  const Access::Source source = [&]() -> Result<BytesView> { return ++pieces > 50 ? BytesView() : view(piece); };
  REQUIRE(access->put_from("big", source, {}));
  CHECK(rig.tree.state.lock()->files["big"].size() == 50 * piece.size());
  // The reader of a file that breaks off.
  pieces = 0;
  const auto broken = access->put_from("cut", [&]() -> Result<BytesView> {
    if (++pieces > 3) return fail(Code::kBroken, "the disk is gone", "buy another");
    return view(piece);
  }, {});
  REQUIRE(!broken);
  CHECK(broken.error().message == "the disk is gone");
  CHECK(!rig.tree.state.lock()->files.contains("cut"));
  // What the tree refuses, and what does not go this way; then the connection is of use.
  bool given = false;
  const auto once = [&](const char* text) {
    given = false;
    return [&given, text]() -> Result<BytesView> { return std::exchange(given, true) ? BytesView() : view(text); };
  };
  const auto refused = access->put_from("k", once("bad"), {});
  REQUIRE(!refused);
  CHECK(refused.error().message == "bad content");
  CHECK(access->put_from("secrets/K", once("x"), {}).error().code == Code::kUnsupported);
  REQUIRE(access->put_from("k", once("good"), {}));
  CHECK(cat(*access, "k").value() == "good");
  // In this process.
  WalkAccess here(rig.tree, Caller{::geteuid(), ::getegid(), ::getpid()}, Millis(60'000));
  REQUIRE(here.put_from("here", once("good"), {}));
  CHECK(cat(*access, "here").value() == "good");
}

TEST_CASE("a client that leaves in the middle of a stream stores nothing") {
  SocketRig rig;
  REQUIRE(rig.server.start());
  {
    Fd fd = raw_connection(rig.path);
    REQUIRE(wire::send_frame(fd.get(), wire::Type::kHello, wire::encode_text(RFS_VERSION)));
    REQUIRE(wire::receive_frame(fd.get()));
    REQUIRE(wire::send_frame(fd.get(), wire::Type::kRequest, wire::encode(wire::Request{wire::Verb::kPutFrom, "k"})));
    REQUIRE(wire::send_frame(fd.get(), wire::Type::kData, view("half")));
  }
  rig.server.stop();
  CHECK(rig.tree.state.lock()->files.empty());
}

TEST_CASE("what is encoded is decoded, and what is cut or too long is not") {
  PathInfo info{"a\xff/b", true, true, 1ull << 40, 1.5, 0755, {{"user.x", std::string("\0y", 2)}, {"", ""}}};
  Bytes bytes = wire::encode(info);
  auto back = wire::decode_info(bytes).value();
  CHECK(back.path == info.path);
  CHECK(back.size == info.size);
  CHECK(back.mtime == info.mtime);
  CHECK(back.mode == info.mode);
  CHECK(back.xattrs == info.xattrs);
  for (std::size_t n = 0; n < bytes.size(); ++n) CHECK_FALSE(wire::decode_info(BytesView(bytes).first(n)));
  bytes.push_back(0);
  CHECK_FALSE(wire::decode_info(bytes));
  const Bytes error = wire::encode(Error{Code::kLimited, "m", "h", -1});
  CHECK(wire::decode_error(error).value().position == -1);
  for (std::size_t n = 0; n < error.size(); ++n) CHECK_FALSE(wire::decode_error(BytesView(error).first(n)));
}
