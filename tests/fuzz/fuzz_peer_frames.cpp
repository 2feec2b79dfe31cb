// libFuzzer: /runnerfs/cache/1.0.0 behind the proof, where a member's frames are read. The input is plaintexts, u16 length
// each, which a member that keeps to no other rule seals: as a question, as the answer to ours, or on the control stream. Beside
// not crashing: what decodes is written again as it was read, an answer that is told as whole has its digest, and nothing is
// told behind the end.
#include <sodium.h>

#include <cstdint>
#include <cstdlib>

#include "crypto/hash.h"
#include "p2p/cache_protocol.h"
#include "p2p/sealed_frames.h"

namespace {

using namespace rfs;
using namespace rfs::p2p;

constexpr SteadyTime kNow{std::chrono::hours(1)};
constexpr std::size_t kPlaintexts = 64;

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

SigningKey signer(std::uint8_t seed) { return SigningKey::from_seed(Bytes(32, seed)); }

const NetworkKey& network() {
  static const NetworkKey made = NetworkKey::derive(view("rfsnet-secret-of-32-bytes-000000"), "fuzz");
  return made;
}

std::vector<BytesView> plaintexts(BytesView bytes) {
  std::vector<BytesView> out;
  while (bytes.size() > 2 && out.size() < kPlaintexts) {
    const std::size_t size = std::min<std::size_t>({read_be<std::uint16_t>(bytes), bytes.size() - 2, kFramePlain});
    if (size > 0) out.push_back(bytes.subspan(2, size));
    bytes = bytes.subspan(2 + size);
  }
  return out;
}

void written_as_it_was_read(BytesView plaintext) {
  const auto frame = decode_cache_frame(plaintext);
  if (!frame) return;
  const Bytes again = std::visit([](const auto& one) { return encode(one); }, *frame);
  require(again == Bytes(plaintext.begin(), plaintext.end()));
}

Bytes sealed(const SecretBytes& key, const std::vector<BytesView>& plain) {
  FrameSealer sealer(key.clone());
  Bytes out;
  for (const BytesView one : plain) append(out, sealer.seal(one));
  return out;
}

// Says what it is given and takes what comes.
class Saying final : public StreamHandler {
 public:
  explicit Saying(const std::vector<BytesView>& plain) : plain_(plain) {}
  void on_open(Stream& stream) override {
    if (!stream.ours() && keyed) stream.write(sealed(*keyed, plain_));
    if (!stream.ours()) stream.finish();
  }
  void on_data(Stream& stream, BytesView data) override { stream.consumed(data.size()); }
  std::optional<SecretBytes> keyed;

 private:
  const std::vector<BytesView>& plain_;
};

class Silent final : public CacheEvents {
 public:
  void on_ask(Connection&, const Ask& ask, std::function<void(std::vector<Found>)> done) override {
    require(!ask.wanted.empty() && ask.wanted.size() <= kAskMost);
    std::vector<Found> found;
    Have have;
    have.index = static_cast<std::uint16_t>(ask.wanted.size() - 1);
    have.raw_len = 100'000;
    found.push_back({have, [](std::uint64_t, std::size_t size, auto given) { given(Bytes(size)); }});
    done(std::move(found));
  }
  void on_announce(Connection&, const Announce& announce) override {
    require(!announce.entries.empty() && announce.entries.size() <= kAnnounceMost);
  }
  void on_misbehaviour(Connection&, const Error&) override { ++misbehaved; }
  int misbehaved = 0;
};

// One side: the protocol, and what of its table a liar has replaced.
struct Side final : Connection::Owner {
  Side(Role role, std::uint8_t seed, const std::vector<BytesView>* lies)
      : key(signer(seed)),
        protocol(network().clone(), std::nullopt, PeerId::of(key.public_key()), CacheLimits{}, events,
                 [](std::function<void()> job) { return job(), true; }),
        table{{kCacheProtocolName, protocol.protocol()}} {
    if (lies) {
      auto honest = table[kCacheProtocolName].accept;
      table[kCacheProtocolName].accept = [this, honest, lies](Stream& stream) -> std::unique_ptr<StreamHandler> {
        if (!protocol.is_member(*connection)) return honest(stream);
        auto handler = std::make_unique<Saying>(*lies);
        handler->keyed = stream_key(network().session(connection->handshake_hash()), stream.id(), false);
        return handler;
      };
    }
    connection = std::make_unique<Connection>(role, PeerId(), ConnectionOptions(), key, table, *this, kNow);
  }
  ~Side() override { protocol.on_gone(*connection); }
  bool on_secured(Connection&) override { return true; }
  void on_ready(Connection& up) override { protocol.on_ready(up); }
  void on_output(Connection&) override {}
  void on_closed(Connection&, const Error&) override {}
  bool hold(std::size_t bytes) override { return held += bytes, require(held <= 9u << 20), true; }
  void release(std::size_t bytes) override { held -= bytes; }

  std::size_t held = 0;
  const SigningKey key;
  Silent events;
  CacheProtocol protocol;
  Protocols table;
  std::unique_ptr<Connection> connection;
};

void settle(Side& one, Side& two) {
  for (int i = 0; i < 64; ++i) {
    Bytes there, back;
    one.connection->produce(there, 1 << 20);
    two.connection->produce(back, 1 << 20);
    if (there.empty() && back.empty()) return;
    if (!there.empty()) two.connection->receive(there, kNow);
    if (!back.empty()) one.connection->receive(back, kNow);
  }
}

class Judge final : public AskEvents {
 public:
  void on_have(const Have& have) override {
    require(!done_);
    have_ = have;
    body_.clear();
  }
  void on_body(BytesView bytes) override {
    require(!done_);
    append(body_, bytes);
    require(body_.size() <= have_.raw_len);
  }
  void on_whole(std::uint16_t index) override {
    require(!done_ && index == have_.index && body_.size() == have_.raw_len && sha256(body_) == have_.sha256);
  }
  void on_done(Result<>) override { require(!std::exchange(done_, true)); }

 private:
  Have have_;
  Bytes body_;
  bool done_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int ready = sodium_init();
  if (ready < 0 || size == 0) return 0;
  const std::vector<BytesView> plain = plaintexts({data + 1, size - 1});
  for (const BytesView one : plain) written_as_it_was_read(one);
  Side liar(Role::kDialer, 1, &plain), honest(Role::kListener, 2, nullptr);
  settle(liar, honest);
  require(liar.protocol.is_member(*liar.connection) && honest.protocol.is_member(*honest.connection));
  const SecretBytes session = network().session(liar.connection->handshake_hash());
  if (data[0] % 2 == 0) {
    // A question that is none.
    class Asking final : public StreamHandler {
     public:
      Asking(const SecretBytes& root, const std::vector<BytesView>& frames, bool cut) : root_(root), frames_(frames), cut_(cut) {}
      void on_open(Stream& stream) override {
        Bytes out = sealed(stream_key(root_, stream.id(), true), frames_);
        if (cut_ && !out.empty()) out.pop_back();
        stream.write(std::move(out));
        stream.finish();
      }
      void on_data(Stream& stream, BytesView bytes) override { stream.consumed(bytes.size()); }

     private:
      const SecretBytes& root_;
      const std::vector<BytesView>& frames_;
      const bool cut_;
    };
    liar.connection->open(kCacheProtocolName, std::make_unique<Asking>(session, plain, (data[0] & 0x80) != 0), true);
  } else {
    const Ask ask{AskBy::kId, std::vector<Digest>(data[0] / 16 + 1), 1u << 20, 50};
    require(honest.protocol.ask(*honest.connection, ask, std::make_unique<Judge>()) != nullptr);
  }
  settle(liar, honest);
  return 0;
}
