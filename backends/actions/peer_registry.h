// PeerRegistry: the registry of the Python implementation. An open issue of a repository, found by its title, of which each
// comment names one peer. It is read and written as that implementation does, so that both see each other: runnerfs(7),
// "How peers are found". Everybody who reads the issue reads the addresses.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/actions/web.h"
#include "base/secret.h"

namespace rfs {

struct RegistryPeer {
  std::string peer_id;  // as text
  std::string runner;   // whose comment it is
  std::vector<std::string> addresses;  // multiaddrs with the peer id, the most useful first
  double seen = 0;      // wall seconds
};

// A comment, byte for byte as the Python implementation writes it; of addresses it knows the first alone. client: who wrote
// it, for people.
std::string render_registry_comment(std::string_view title, const RegistryPeer& peer, std::string_view client);
// Nullopt: no comment of a registry of this title, or one that says nothing of use. Any bytes; at most eight addresses.
std::optional<RegistryPeer> parse_registry_comment(std::string_view title, std::string_view body);
// What may stand in the comment's first line: printable ASCII without what would end it. "" becomes "runner".
std::string registry_runner_name(std::string_view name);

struct RegistryOptions {
  std::string api_url;     // "https://api.github.com"
  std::string repository;  // "octo/hello"
  std::string title = "p2p-peer-registry";
  std::string user_agent;
  double interval = 300;   // seconds after which the own comment is renewed
  double life = 1800;      // seconds after which a comment is of no use
  std::size_t most = 10;   // peers that are answered
};

// One thread at a time; blocks. Everything given outlives it.
class PeerRegistry {
 public:
  // The Authorization header's value, as it is now. Null: none.
  using Authorization = std::function<std::shared_ptr<const SecretBytes>()>;
  PeerRegistry(RegistryOptions options, Authorization authorization, Web& web);
  ~PeerRegistry();

  struct Round {
    std::vector<RegistryPeer> others;  // newest first, one each, without `own` and those whose time is over
    bool told = false;                 // the own comment was written
    std::optional<Error> untold;       // why it could not be, though it was due
  };
  // Reads the registry and, when that is due, writes own's comment; the issue is made when there is none. own null: it only
  // reads. self: the peer id that is not answered. A comment is believed when somebody wrote it who may write to the
  // repository: an owner, a member, a collaborator, an app. A list that has not changed costs no quota.
  // Failures: kDenied, kLimited, kUnreachable, kBroken.
  Result<Round> round(const RegistryPeer* own, std::string_view self, double now);
  // Takes the own comment away, if one was written. One request.
  Result<> leave(Web& web);
  // Removes comments that have been over for an hour and more, at most five. Ends at the first that it may not remove, and
  // does not try again for an hour.
  void clean(double now);
  // One request: whether the registry can be read. Answers whether there is one.
  Result<bool> look();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rfs
