// The exchange of Fernet tokens, as the peers of the Python implementation do it and as hostile ones would.
#include "p2p/token_exchange.h"

#include "tests/unit/p2p/pair.h"

using namespace rfs;
using namespace rfs::test;

namespace {

constexpr const char* kProtocol = "/github-cache/1.0.0";

// A listener that answers OK to what it can read, and records it.
struct Service {
  SecretBytes key = SecretBytes::random(32);
  std::vector<std::string> received;
  int refused = 0;
  bool proven = false;
  std::vector<TokenAnswer> held_back;
  bool hold_back = false;

  Protocols table(std::size_t token_most = 24u << 20, std::size_t unproven_most = 24u << 20) {
    TokenService service;
    service.received = [this](Connection&, FernetMessage message, TokenAnswer answer) {
      received.emplace_back(text(message.plaintext));
      if (hold_back)
        held_back.push_back(std::move(answer));
      else
        answer("OK");
    };
    service.refused = [this](Connection&) { ++refused; };
    service.proven = [this](const PeerId&) { return proven; };
    service.not_decrypted = "ERROR: Decryption failed";
    service.token_most = token_most;
    service.unproven_most = unproven_most;
    return {{kProtocol, token_protocol(key, std::move(service), [](std::function<void()> job) {
               job();
               return true;
             })}};
  }
  std::string token(std::string_view plaintext) const { return fernet_seal(key.reveal(), view(plaintext), 1); }
};

// Speaks the protocol without our sender: says the pieces, with or without a FIN.
class Raw final : public StreamHandler {
 public:
  Raw(Talk& talk, std::vector<std::string> pieces, bool fin) : talk_(talk), pieces_(std::move(pieces)), fin_(fin) {}
  void on_open(Stream& stream) override {
    for (const std::string& piece : pieces_) stream.write(view(piece));
    if (fin_) stream.finish();
  }
  void on_data(Stream& stream, BytesView data) override {
    append(talk_.got, data);
    stream.consumed(data.size());
  }
  void on_fin(Stream& stream) override {
    talk_.fin = true;
    stream.finish();
  }
  void on_end(Stream&, StreamEnd why) override {
    ++talk_.ends;
    talk_.end = why;
  }

 private:
  Talk& talk_;
  std::vector<std::string> pieces_;
  bool fin_;
};

}  // namespace

TEST_CASE("a token is sent, read and answered, small and of 16 MiB") {
  Service service;
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, service.table());
  settle(dialer, listener);
  for (std::size_t size : {0u, 462u, 65'507u, 300'000u, 16u << 20}) {
    const std::string plaintext(size, 'j');
    Result<std::string> answer = fail(Code::kBroken, "none");
    send_token(*dialer.connection, kProtocol, service.token(plaintext), 1024, [&](auto result) { answer = result; });
    settle(dialer, listener);
    REQUIRE(answer);
    CHECK(*answer == "OK");
    CHECK(service.received.back() == plaintext);
  }
  CHECK(listener.held == 0);
  CHECK(listener.connection->streams() == 0);
}

TEST_CASE("a peer that sends no FIN before it has the answer gets one, with a FIN") {
  Service service;
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, service.table());
  settle(dialer, listener);
  const std::string token = service.token("{}");
  Talk talk;
  dialer.connection->open(kProtocol,
                          std::make_unique<Raw>(talk, std::vector{token.substr(0, 9), token.substr(9)}, false));
  settle(dialer, listener);
  CHECK(text(talk.got) == "OK");
  CHECK(talk.fin);
  CHECK(talk.end == StreamEnd::kFinished);
}

TEST_CASE("what is no token is answered as the reference does, and nothing at all by a FIN") {
  Service service, other;
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, service.table());
  settle(dialer, listener);
  const std::string good = service.token("{}");
  for (const std::string& bad : {other.token("{}"), good.substr(0, 40), std::string("{\"key\": 1}"), good + "A"}) {
    Talk talk;
    const int refused = service.refused;
    dialer.connection->open(kProtocol, std::make_unique<Raw>(talk, std::vector{bad}, true));
    settle(dialer, listener);
    CHECK(text(talk.got).ends_with("ERROR: Decryption failed"));
    CHECK(talk.fin);
    CHECK(service.refused == refused + 1);
  }
  Talk empty;
  dialer.connection->open(kProtocol, std::make_unique<Raw>(empty, std::vector<std::string>{}, true));
  settle(dialer, listener);
  CHECK(empty.got.empty());
  CHECK(empty.end == StreamEnd::kFinished);
  CHECK(dialer.connection->ready());
}

TEST_CASE("a token that never ends is reset at its limit, at the limit of all, and when it stalls") {
  Service service;
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, service.table(100'000, 300'000));
  settle(dialer, listener);
  const std::string endless = "gAAA" + std::string(200'000, 'A');
  Talk large;
  dialer.connection->open(kProtocol, std::make_unique<Raw>(large, std::vector{endless}, false));
  settle(dialer, listener);
  CHECK(large.end == StreamEnd::kReset);
  Talk many[8];
  for (Talk& talk : many)
    dialer.connection->open(kProtocol, std::make_unique<Raw>(talk, std::vector{endless.substr(0, 90'000)}, false));
  settle(dialer, listener);
  int ended = 0;
  for (const Talk& talk : many) ended += talk.ends;
  CHECK(ended >= 4);
  CHECK(ended < 8);
  for (int i = 0; i < 40; ++i) {
    advance(dialer, listener, Millis(1000));
    settle(dialer, listener);
  }
  for (const Talk& talk : many) CHECK(talk.ends == 1);
  CHECK(listener.connection->streams() == 0);
  // The memory is given back: a whole token is read.
  Talk talk;
  dialer.connection->open(kProtocol, std::make_unique<Raw>(talk, std::vector{service.token("{}")}, true));
  settle(dialer, listener);
  CHECK(text(talk.got) == "OK");
}

TEST_CASE("an answer that comes when the stream is gone goes nowhere") {
  Service service;
  service.hold_back = true;
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, service.table());
  settle(dialer, listener);
  Result<std::string> answer = std::string();
  send_token(*dialer.connection, kProtocol, service.token("{}"), 1024, [&](auto result) { answer = result; });
  settle(dialer, listener);
  REQUIRE(service.held_back.size() == 1);
  dialer.connection->abort({Code::kAborted, "gone", {}});
  settle(dialer, listener);
  CHECK_FALSE(answer);
  service.held_back[0]("OK");
  CHECK(settle(dialer, listener) == 0);
}

TEST_CASE("an answer that is too long, or a refusal, is an error at the sender") {
  Service service;
  End dialer(Role::kDialer, 1), listener(Role::kListener, 2, service.table());
  settle(dialer, listener);
  Result<std::string> answer = std::string();
  send_token(*dialer.connection, kProtocol, service.token("{}"), 1, [&](auto result) { answer = result; });
  settle(dialer, listener);
  CHECK_FALSE(answer);
  send_token(*dialer.connection, "/other", service.token("{}"), 10, [&](auto result) { answer = result; });
  settle(dialer, listener);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::kUnsupported);
}
