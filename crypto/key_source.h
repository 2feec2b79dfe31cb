// Where the root key R of the stores comes from: OS keyring, systemd credential, 0600 file, or memory.
// Decided once (`runnerfs init`, or the first mount) and recorded beside the stores; with a store, a missing or another
// key is an error, never a new key.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace rfs {

enum class KeySourceKind { kKeyring, kSystemd, kFile, kMemory };
std::string_view key_source_word(KeySourceKind kind);  // "keyring" | "systemd" | "file" | "memory"
bool parse_key_source(std::string_view word, KeySourceKind& kind);

struct RootKey {
  SecretBytes bytes;  // 32
  KeySourceKind kind = KeySourceKind::kMemory;
  // "" or why it is weaker than it could be: "key beside data" for the file.
  std::string weakness;
};

struct KeySourceOptions {
  std::string state_directory;  // $XDG_STATE_HOME/runnerfs: root-key (the file) and key-source (the record)
  std::string helper;           // path of the program that talks to the keyring (this program, with `keyring-helper`)
  std::string credential_name = "runnerfs-root-key";  // below $CREDENTIALS_DIRECTORY
  bool job = false;                                   // an ephemeral runner: memory is the default
};

// What `doctor` and `status` say of a source. Asks the keyring for at most 5 s.
struct KeySourceState {
  bool usable = false;   // a key can be read from there, or made there, now
  bool has_key = false;  // one is there
  std::string word;      // "available", "locked", "no session bus", "no service", "no such credential", …
  std::string hint;
};

// One thread at a time.
class KeySource {
 public:
  explicit KeySource(KeySourceOptions options);
  ~KeySource();
  // The kind that is recorded, or nullopt when nothing has been decided.
  Result<std::optional<KeySourceKind>> recorded();
  // Probes without changing anything.
  KeySourceState probe(KeySourceKind kind);
  // The key of a store that exists. kNoKey: missing, locked (never "empty"), malformed, wrong mode or owner; with a
  // hint.
  Result<RootKey> load(KeySourceKind kind);
  // Makes a new key there and records the kind. kExists when there is one already. A systemd credential cannot be made
  // by a running program (kUnsupported, the hint says how). In memory: lives as long as this object, and is recorded
  // only when nothing else is.
  Result<RootKey> create(KeySourceKind kind);
  // What a first mount does when no store exists yet: the key that is there already (left by a first mount that was
  // killed, or by another store of this user), else a new one. Records the kind.
  Result<RootKey> establish(KeySourceKind kind);
  // Puts `next` in the place of the key that is there: every store must open with it by then. kUnsupported for a systemd
  // credential, which its owner installs, and for a key in memory.
  Result<> replace(KeySourceKind kind, const SecretBytes& next);
  // What a first mount takes: memory for a job; else a systemd credential, an unlocked keyring that answers, a file.
  KeySourceKind decide();
  // Records without creating (a systemd credential that was there already).
  Result<> record(KeySourceKind kind);
  std::string key_file() const;

 private:
  Result<RootKey> make(KeySourceKind kind);
  std::string record_file() const;

  KeySourceOptions options_;
  SecretBytes memory_;  // the key of kMemory, once made
};

}  // namespace rfs
