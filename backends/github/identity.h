// The credential that requests are made with, and its partition. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/sync.h"
#include "base/time.h"

namespace rfs {

// Immutable. An empty token is the anonymous identity, which has a partition of its own.
struct Identity {
  SecretBytes token;
  // The Authorization header's value exactly as sent ("Bearer …"; "" for none): input of the ETag formula.
  SecretBytes authorization;
  // Keyed hash (K_part) of the token as 32 lower-case hex digits: what names it in memory and on disk.
  std::string partition;
  std::string origin;  // "GITHUB_TOKEN", "GH_TOKEN", "gh auth token", "--token-file /path", "none"
  std::string kind;    // "ghs", "ghp", "github_pat", "gho", "ghu", "anonymous", "unknown": never the token
};
using IdentityPtr = std::shared_ptr<const Identity>;

struct IdentityOptions {
  std::string token_file;      // wins over everything
  // From the environment, copied into locked memory by cli and then removed from the process's environment.
  SecretBytes env_token;
  std::string env_name;        // which variable it was
  bool ask_gh = true;          // `gh auth token`, once, when nothing else is there
  // The host whose token gh is asked for (gh_hostname below): a token of github.com must not go to another server.
  // Empty: gh is not asked.
  std::string gh_host;
};

// The name that gh knows an API's host by: "github.com" for https://api.github.com, "HOST" for https://HOST/api/v3,
// "SUB.ghe.com" for https://api.SUB.ghe.com; "" where gh has nothing to say (plain http, file://).
std::string gh_hostname(std::string_view base_url);

class IdentitySource {
 public:
  // hash: text → keyed hash under the store's K_part (crypto/key_ring.h), so that no token can be told from disk.
  IdentitySource(IdentityOptions options, std::function<Digest(BytesView)> hash, const Clock& clock);
  ~IdentitySource();
  // The identity now. A changed token file is noticed within 1 s (mtime, size, inode); a file that cannot be read, is
  // empty, or holds no single word is kNoKey with a hint, and the old identity is not used any longer.
  // Answered from memory but for a stat, and the first call that has to ask gh (at most 5 s): make it before serving.
  Result<IdentityPtr> current();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rfs
