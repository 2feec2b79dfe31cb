// The extended attributes of secrets/. Facts about a credential, never its value. Pure.
#pragma once

#include "backends/secrets/vault.h"
#include "fs/tree/entry_xattr.h"

namespace rfs {

// user.runnerfs.ttl      seconds, as it was asked for; left out for one without an end
//              .expires  when, in seconds since 1970; left out likewise
//              .created  when this version was stored
//              .version  1, 2, …
//              .scope    global | repo:octo/hello | workflow:octo/hello/build.yml | runner:ID
//              .allow-untrusted  1 for one that an untrusted event may read; else left out
Attributes secret_attributes(const CredentialInfo& info);
// Of the directory: user.runnerfs.isolation, job | user.
Attributes secrets_attributes(const Vault& vault);
std::string_view isolation_word(Isolation isolation);

}  // namespace rfs
