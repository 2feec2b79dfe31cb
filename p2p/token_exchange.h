// The exchange behind /github-cache/1.0.0 and its peer exchange: the dialer sends one Fernet token, the listener
// answers one short text or token, both finish. Bytes and answers only; what a message means is for who uses this. Loop
// thread.
//
// Peers of the Python implementation differ. Some send no FIN before they have the answer, so a token is recognised as
// whole by itself; some read only once, so ours goes out as a single frame with the FIN right behind it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/fernet.h"
#include "p2p/connection.h"

namespace rfs::p2p {

// Called once, on any thread; "" is a FIN without an answer.
using TokenAnswer = std::function<void(std::string)>;

struct TokenService {
  // A message that authenticated. Must not block: hand it on and answer later.
  std::function<void(Connection&, FernetMessage, TokenAnswer)> received;
  std::function<void(Connection&)> refused;   // a token that did not: to be counted; may be null
  std::function<bool(const PeerId&)> proven;  // whether such a message came from this peer before; may be null
  std::string not_decrypted;                  // the answer to what is no token of this key
  std::size_t token_most = 24u << 20;         // characters; more is reset
  std::size_t unproven_most = 24u << 20;      // memory for unfinished tokens of peers that are not proven, all of them
  std::size_t proven_most = 128u << 20;       // and of those that are
  Millis idle{30'000};
};

// post: hands a job to the loop's thread (Loop::post). key outlives the protocol.
Protocol token_protocol(const SecretBytes& key, TokenService service, std::function<bool(std::function<void()>)> post);

// Sends `token`; done is called once, with the answer (at most answer_most bytes), or why there is none.
void send_token(Connection& connection, const std::string& protocol, std::string token, std::size_t answer_most,
                std::function<void(Result<std::string>)> done);

}  // namespace rfs::p2p
