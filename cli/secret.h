// What the commands of `runnerfs secret` share: the daemon or store that they work on, the path of a credential, its
// value from stdin.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/secrets/scope.h"
#include "backends/secrets/vault.h"
#include "base/secret.h"
#include "cli/access.h"

namespace rfs {

extern const Command kSecretCommands[10];

int run_secret_put(const Given& given);
int run_secret_rotate(const Given& given);
int run_secret_get(const Given& given);
int run_secret_ls(const Given& given);
int run_secret_rm(const Given& given);
int run_secret_cleanup(const Given& given);
int run_secret_rekey(const Given& given);
int run_secret_rekey_root(const Given& given);  // of `secret rekey --root`
int run_secret_import(const Given& given);
int run_secret_export(const Given& given);
int run_secret_run(const Given& given);

// Beside a daemon through its socket, under its context; else the same code in this process. kUnsupported: credentials
// would live in this process's memory and end with it.
Result<std::unique_ptr<Reach>> reach_secrets(const Given& given);

// The context that the daemon, or this process, works under. Only what scopes are made of.
Result<Context> context_of(Access& access);
// "" and no filter: the name as the context sees it. kUsage: no such scope, or a filter that is not of its form.
Result<std::string> credential_path(Access& access, const std::string& scope, const std::string& filter,
                                    const std::string& name);
Result<std::string> scope_path(Access& access, const std::string& scope, const std::string& filter);
// Of --scope and --filter.
Result<std::string> credential_path(Access& access, const Given& given, const std::string& name);

// All of it, at most `most`: what secrets/ takes of one. kTooLarge beyond; kTimeout when nothing more came for so long
// (-1: waits).
Result<SecretBytes> read_secret(int fd, const std::string& what, int millis = -1, std::size_t most = Vault::kMaxValue);
Result<SecretBytes> read_credential(Access& access, const std::string& path);

// The attributes of a put. kUsage for a TTL that is none.
Result<Access::Attributes> put_attributes(const std::string& ttl, bool allow_untrusted, bool must_exist);

struct SecretRow {
  std::string name, scope, filter;  // "repo", "octo/hello"
  std::string path;                 // below the root of the tree
  std::uint64_t size = 0;
  std::string version, created, expires, ttl;  // "" where there is none
};
// A directory of secrets/, README left out; `deep`: and those below it. Sorted as the tree does.
Result<std::vector<SecretRow>> list_secrets(Access& access, const std::string& directory, bool deep);
// The names given, else all that the context sees: (name, path).
Result<std::vector<std::pair<std::string, std::string>>> chosen_secrets(Access& access,
                                                                        const std::vector<std::string>& names);

}  // namespace rfs
