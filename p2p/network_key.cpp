#include "p2p/network_key.h"

#include "crypto/kdf.h"

namespace rfs::p2p {
namespace {

constexpr std::string_view kLabel = "runnerfs/p2p/1";
constexpr unsigned kRounds = 100'000;
constexpr std::uint8_t kVersion = 1, kSuite = 1;

SecretBytes expand(const SecretBytes& key, std::string_view name, BytesView more = {}) {
  Bytes info;
  append(info, kLabel);
  append(info, name);
  append(info, more);
  return hkdf_expand(key.reveal(), info);
}

}  // namespace

NetworkKey NetworkKey::derive(BytesView secret, std::string_view network_id) {
  Bytes salt, domain;
  append(salt, kLabel);
  salt.push_back(0);
  append(salt, network_id);
  append_lp(domain, BytesView());
  const SecretBytes net = pbkdf2_sha256(secret, salt, kRounds);
  NetworkKey key;
  key.network_id_ = network_id;
  key.member_ = expand(net, "/member");
  key.session_ = expand(net, "/session");
  key.ask_ = expand(net, "/ask", domain);
  key.beacon_ = expand(net, "/beacon");
  return key;
}

NetworkKey NetworkKey::clone() const {
  NetworkKey copy;
  copy.network_id_ = network_id_;
  copy.member_ = member_.clone();
  copy.session_ = session_.clone();
  copy.ask_ = ask_.clone();
  copy.beacon_ = beacon_.clone();
  return copy;
}

Bytes NetworkKey::transcript_bytes(const Transcript& transcript) const {
  Bytes out;
  append(out, kLabel);
  append_lp(out, network_id_);
  append_lp(out, transcript.initiator.bytes());
  append_lp(out, transcript.responder.bytes());
  append_lp(out, BytesView(transcript.hash));
  out.push_back(kVersion);
  out.push_back(kSuite);
  return out;
}

Digest NetworkKey::initiator_mac(const Transcript& transcript) const {
  return hmac_sha256(member_.reveal(), {view("I"), transcript_bytes(transcript)});
}

Digest NetworkKey::responder_mac(const Transcript& transcript, const Digest& initiator_mac) const {
  return hmac_sha256(member_.reveal(), {view("R"), transcript_bytes(transcript), initiator_mac});
}

SecretBytes NetworkKey::session(const Digest& hash) const { return hkdf_extract(hash, session_.reveal()); }

Digest NetworkKey::ask_id(BytesView canonical) const { return hmac_sha256(ask_.reveal(), canonical); }

SecretBytes stream_key(const SecretBytes& session, std::uint32_t stream_id, bool from_opener) {
  Bytes more;
  append_be(more, stream_id);
  append(more, from_opener ? "Q" : "A");
  return expand(session, "/stream", more);
}

}  // namespace rfs::p2p
