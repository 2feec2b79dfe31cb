// The root key in a file of its owner, and in a systemd credential. Any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace rfs {

// Checked on the descriptor, so that nothing can be swapped in between: a regular file, its owner is the effective
// user, nobody else has any right, one name. kNotFound: no such file. kNoKey: anything else, with a hint.
Result<SecretBytes> read_key_file(const std::string& path);
// A new random key, mode 0600, whole or absent, durable. kExists when the name is taken.
Result<SecretBytes> create_key_file(const std::string& path);

// Puts another key in the place of one that is there; old or new, whatever happens meanwhile, durable.
Result<> replace_key_file(const std::string& path, const SecretBytes& key);

// $CREDENTIALS_DIRECTORY/name: systemd put it there for this service alone, and owns its mode and owner.
// kNotFound: no such directory or credential. kNoKey: it is not a key.
Result<SecretBytes> read_key_credential(const std::string& name);

}  // namespace rfs
