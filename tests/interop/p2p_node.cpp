// A node for the interoperability tests: takes commands on stdin, answers a line each on stdout.
//   dial ADDRESS -> dialled ID AGENT | ping -> pong | echo SIZE -> echoed SIZE | send PROTOCOL BASE64 -> got BASE64
//   quit. Anything that fails answers "error WHY". For bench/peers.py, nanoseconds each:
//   dials NUMBER ADDRESS | asks NUMBER | upload SIZE -> measured TIME…
#include <fmt/core.h>

#include <cstdio>
#include <future>
#include <iostream>
#include <sstream>

#include "base/encode.h"
#include "base/log.h"
#include "base/text.h"
#include "p2p/host.h"
#include "p2p/ping.h"

namespace {

using namespace rfs;
using namespace rfs::p2p;

constexpr const char* kEcho = "/interop/echo/1.0.0";
constexpr const char* kAnswer = "/interop/answer/1.0.0";  // 100 KiB to whatever is asked
constexpr const char* kSink = "/interop/sink/1.0.0";      // takes all of it, and says one byte
constexpr std::size_t kQuestionSize = 4 << 10, kAnswerSize = 100 << 10;
constexpr auto kPatience = std::chrono::seconds(60);

void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

class Echo final : public StreamHandler {
 public:
  void on_data(Stream& stream, BytesView data) override {
    waiting_ += data.size();
    stream.write(data);
    if (stream.buffered() == 0) on_room(stream);
  }
  void on_room(Stream& stream) override { stream.consumed(std::exchange(waiting_, 0)); }
  void on_fin(Stream& stream) override { stream.finish(); }

 private:
  std::size_t waiting_ = 0;
};

// Answers when all has come, and has kept nothing of it.
class Replying final : public StreamHandler {
 public:
  explicit Replying(std::size_t size) : size_(size) {}
  void on_data(Stream& stream, BytesView data) override { stream.consumed(data.size()); }
  void on_fin(Stream& stream) override {
    stream.write(Bytes(size_, 'a'));
    stream.finish();
  }

 private:
  const std::size_t size_;
};

Protocol replying(std::size_t size) {
  return {[size](Stream&) { return std::make_unique<Replying>(size); }, 1000};
}

std::int64_t since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - began).count();
}

// Sends a message, finishes, and tells the whole answer.
class Asking final : public StreamHandler {
 public:
  Asking(Bytes message, std::promise<Result<Bytes>>& done) : message_(std::move(message)), done_(done) {}
  void on_open(Stream& stream) override {
    stream.write(std::move(message_));
    stream.finish();
  }
  void on_data(Stream& stream, BytesView data) override {
    append(answer_, data);
    stream.consumed(data.size());
  }
  void on_end(Stream&, StreamEnd why) override {
    if (why == StreamEnd::kFinished)
      done_.set_value(std::move(answer_));
    else
      done_.set_value(fail(Code::kBroken, why == StreamEnd::kRefused ? "refused" : "reset"));
  }

 private:
  Bytes message_, answer_;
  std::promise<Result<Bytes>>& done_;
};

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 257);
  return bytes;
}

class Node {
 public:
  explicit Node(Host& host) : host_(host) {}

  std::string run(const std::string& line) {
    std::istringstream words(line);
    std::string name, first, second;
    words >> name >> first >> second;
    auto answer = name == "dial"   ? dial(first)
                  : name == "ping" ? ping()
                  : name == "echo" ? echo(first)
                  : name == "send" ? send(first, second)
                  : name == "dials" ? dials(first, second)
                  : name == "asks" ? asks(parse_whole(first).value_or(1), kAnswer, kQuestionSize)
                  : name == "upload" ? asks(1, kSink, parse_whole(first).value_or(1))
                                   : Result<std::string>(fail(Code::kUsage, "no such command"));
    return answer ? *answer : "error " + answer.error().message;
  }

 private:
  template <class T>
  static Result<T> wait(std::promise<Result<T>>& promise) {
    auto future = promise.get_future();
    if (future.wait_for(kPatience) == std::future_status::ready) return future.get();
    std::puts("error no answer");  // what is asked for may still write to the promise: this process cannot go on
    std::exit(1);
  }

  Result<std::string> dial(const std::string& text) {
    TRY_ASSIGN(Multiaddr address, Multiaddr::parse(text));
    std::promise<Result<std::string>> done;
    host_.loop().post([&] {
      host_.dial(address, [&](Result<Connection*> up) {
        if (!up) return done.set_value(fail(up.error()));
        peer_ = (*up)->peer();
        done.set_value(fmt::format("dialled {} {}", peer_.text(), (*up)->identify.agent_version));
      });
    });
    return wait(done);
  }

  Result<std::string> ping() {
    std::promise<Result<std::string>> done;
    host_.loop().post([&] {
      Connection* connection = host_.find(peer_);
      if (!connection) return done.set_value(fail(Code::kUnreachable, "not connected"));
      rfs::p2p::ping(*connection,
                     [&](auto result) { done.set_value(result ? Result<std::string>("pong") : fail(result.error())); });
    });
    return wait(done);
  }

  Result<Bytes> ask(const std::string& protocol, Bytes message) {
    std::promise<Result<Bytes>> done;
    host_.loop().post([&] {
      Connection* connection = host_.find(peer_);
      if (!connection || !connection->open(protocol, std::make_unique<Asking>(std::move(message), done)))
        done.set_value(fail(Code::kUnreachable, "not connected"));
    });
    return wait(done);
  }

  Result<std::string> echo(const std::string& size) {
    const Bytes message = pattern(parse_whole(size).value_or(0));
    TRY_ASSIGN(Bytes answer, ask(kEcho, message));
    if (answer != message) return fail(Code::kBroken, "the answer differs");
    return "echoed " + size;
  }

  Result<std::string> send(const std::string& protocol, const std::string& text) {
    TRY_ASSIGN(Bytes answer, ask(protocol, unbase64(text).value_or(Bytes())));
    return "got " + base64(answer);
  }

  // Each from a host of its own, since one keeps what it has.
  Result<std::string> dials(const std::string& number, const std::string& text) {
    TRY_ASSIGN(const Multiaddr address, Multiaddr::parse(text));
    std::string out = "measured";
    HostEvents events;
    for (std::uint64_t i = 0; i < parse_whole(number).value_or(1); ++i) {
      TRY_ASSIGN(const auto host, Host::start(HostOptions(), SigningKey::generate(), {}, events));
      std::promise<Result<std::int64_t>> done;
      host->loop().post([&, began = std::chrono::steady_clock::now()] {
        host->dial(address, [&, began](Result<Connection*> up) {
          done.set_value(up ? Result<std::int64_t>(since(began)) : fail(up.error()));
        });
      });
      TRY_ASSIGN(const std::int64_t took, wait(done));
      out += fmt::format(" {}", took);
      host->stop();
    }
    return out;
  }

  Result<std::string> asks(std::uint64_t number, const char* protocol, std::size_t size) {
    std::string out = "measured";
    for (std::uint64_t i = 0; i < number; ++i) {
      Bytes message(size, 'q');
      const auto began = std::chrono::steady_clock::now();
      TRY(ask(protocol, std::move(message)));
      out += fmt::format(" {}", since(began));
    }
    return out;
  }

  Host& host_;
  PeerId peer_;
};

}  // namespace

int main() {
  if (!secret_setup()) return 1;
  log_level(Level::kWarning);
  HostOptions options;
  options.addresses = {"127.0.0.1"};
  options.ports = {0};
  HostEvents events;
  options.limits.per_second = options.limits.burst = 1000;  // as the others' nodes here
  Protocols protocols{{kEcho, {[](Stream&) { return std::make_unique<Echo>(); }, 1000}},
                      {kAnswer, replying(kAnswerSize)},
                      {kSink, replying(1)}};
  auto host = Host::start(std::move(options), SigningKey::generate(), std::move(protocols), events);
  if (!host) {
    say("error " + host.error().message);
    return 1;
  }
  Node node(**host);
  for (const Multiaddr& address : (*host)->addresses())
    say("listening " + Multiaddr::of(*address.endpoint(), (*host)->id()).text());
  for (std::string line; std::getline(std::cin, line) && line != "quit";) say(node.run(line));
  (*host)->stop();
  return 0;
}
