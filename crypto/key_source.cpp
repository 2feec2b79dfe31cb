#include "crypto/key_source.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "crypto/key_file.h"
#include "crypto/keyring_client.h"

namespace rfs {
namespace {

constexpr std::pair<KeySourceKind, std::string_view> kWords[] = {{KeySourceKind::kKeyring, "keyring"},
                                                                 {KeySourceKind::kSystemd, "systemd"},
                                                                 {KeySourceKind::kFile, "file"},
                                                                 {KeySourceKind::kMemory, "memory"}};

RootKey root_key(SecretBytes bytes, KeySourceKind kind) {
  return {std::move(bytes), kind, kind == KeySourceKind::kFile ? "key beside data" : ""};
}

// Miss and failure are one to a caller who has a store: there is no key. The hint says what would bring it back.
tl::unexpected<Error> no_key(Error error, std::string_view hint) {
  if (error.hint.empty()) error.hint = hint;
  error.code = Code::kNoKey;
  return fail(std::move(error));
}

constexpr std::string_view kCredentialHint =
    "for a service: systemd-creds encrypt --name=runnerfs-root-key KEYFILE OUT, then LoadCredentialEncrypted= in its "
    "unit";

}  // namespace

std::string_view key_source_word(KeySourceKind kind) {
  for (const auto& [known, word] : kWords)
    if (known == kind) return word;
  return "";
}

bool parse_key_source(std::string_view word, KeySourceKind& kind) {
  for (const auto& [known, name] : kWords) {
    if (name != word) continue;
    kind = known;
    return true;
  }
  return false;
}

KeySource::KeySource(KeySourceOptions options) : options_(std::move(options)) {}
KeySource::~KeySource() = default;

std::string KeySource::key_file() const { return options_.state_directory + "/root-key"; }
std::string KeySource::record_file() const { return options_.state_directory + "/key-source"; }

Result<std::optional<KeySourceKind>> KeySource::recorded() {
  auto content = read_file(record_file(), 64);
  if (!content && content.error().code == Code::kNotFound) return std::nullopt;
  if (!content) return fail(std::move(content.error()));
  std::string_view word = *content;
  if (word.ends_with('\n')) word.remove_suffix(1);
  KeySourceKind kind;
  if (!parse_key_source(word, kind))
    return fail(Code::kInvalid, record_file() + " names no key source",
                "write the one that the stores were made with into it: keyring, systemd, file or memory");
  return kind;
}

Result<> KeySource::record(KeySourceKind kind) {
  TRY(make_directories(options_.state_directory, 0700));
  return replace_file(record_file(), std::string(key_source_word(kind)) + "\n", 0600);
}

KeySourceState KeySource::probe(KeySourceKind kind) {
  switch (kind) {
    case KeySourceKind::kKeyring:
      return KeyringClient(options_.helper).probe();
    case KeySourceKind::kSystemd: {
      auto key = read_key_credential(options_.credential_name);
      if (key) return {true, true, "available", ""};
      if (key.error().code == Code::kNotFound)
        return {false, false, "no such credential", std::string(kCredentialHint)};
      return {false, false, key.error().message, key.error().hint};
    }
    case KeySourceKind::kFile: {
      auto key = read_key_file(key_file());
      if (key) return {true, true, "available", ""};
      if (key.error().code == Code::kNotFound) return {true, false, "no key yet", ""};
      return {false, false, key.error().message, key.error().hint};
    }
    case KeySourceKind::kMemory:
      return {true, !memory_.empty(), "available", ""};
  }
  return {};
}

Result<RootKey> KeySource::load(KeySourceKind kind) {
  auto found = [&]() -> Result<SecretBytes> {
    switch (kind) {
      case KeySourceKind::kKeyring:
        return KeyringClient(options_.helper).get();
      case KeySourceKind::kSystemd:
        return read_key_credential(options_.credential_name);
      case KeySourceKind::kFile:
        return read_key_file(key_file());
      case KeySourceKind::kMemory:
        break;
    }
    if (memory_.empty()) return fail(Code::kNotFound, "a key in memory is gone with the process that made it");
    return memory_.clone();
  }();
  if (found) return root_key(std::move(*found), kind);
  switch (kind) {
    case KeySourceKind::kSystemd:
      return no_key(std::move(found.error()), kCredentialHint);
    case KeySourceKind::kMemory:
      return no_key(std::move(found.error()),
                    "a store on disk needs a key that stays: runnerfs init --key-source file");
    default:
      return no_key(std::move(found.error()), "bring the key back; without it the stores cannot be read");
  }
}

Result<RootKey> KeySource::make(KeySourceKind kind) {
  switch (kind) {
    case KeySourceKind::kKeyring: {
      TRY_ASSIGN(SecretBytes key, KeyringClient(options_.helper).create());
      return root_key(std::move(key), kind);
    }
    case KeySourceKind::kSystemd:
      if (read_key_credential(options_.credential_name))
        return fail(Code::kExists, "the systemd credential " + options_.credential_name + " is there already",
                    "it is used as it is");
      return fail(Code::kUnsupported, "a program cannot make its own systemd credential", std::string(kCredentialHint));
    case KeySourceKind::kFile: {
      TRY_ASSIGN(SecretBytes key, create_key_file(key_file()));
      return root_key(std::move(key), kind);
    }
    case KeySourceKind::kMemory:
      break;
  }
  if (!memory_.empty()) return fail(Code::kExists, "there is a key in memory already");
  memory_ = SecretBytes::random(32);
  return root_key(memory_.clone(), kind);
}

Result<RootKey> KeySource::create(KeySourceKind kind) {
  TRY_ASSIGN(RootKey key, make(kind));
  if (kind != KeySourceKind::kMemory) {
    TRY(record(kind));
    return key;
  }
  // Trying a mount with a key in memory must not change what the stores on disk are opened with, and a job whose home
  // cannot be written has nothing to remember.
  auto before = recorded();
  if (before && !*before) {
    if (auto done = record(kind); !done)
      log(Level::kDebug, "the key source was not recorded: {}", done.error().message);
  }
  return key;
}

Result<RootKey> KeySource::establish(KeySourceKind kind) {
  // A systemd credential is there or not; nothing is made.
  if (kind != KeySourceKind::kSystemd) {
    auto made = create(kind);
    if (made || made.error().code != Code::kExists) return made;
  }
  TRY_ASSIGN(RootKey key, load(kind));
  if (kind != KeySourceKind::kMemory) TRY(record(kind));
  return key;
}

Result<> KeySource::replace(KeySourceKind kind, const SecretBytes& next) {
  switch (kind) {
    case KeySourceKind::kKeyring:
      return KeyringClient(options_.helper).replace(next);
    case KeySourceKind::kFile:
      return replace_key_file(key_file(), next);
    case KeySourceKind::kSystemd:
      return fail(Code::kUnsupported, "a program cannot change its systemd credential", std::string(kCredentialHint));
    case KeySourceKind::kMemory:
      break;
  }
  return fail(Code::kUnsupported, "a root key in memory ends with its process", "there is nothing to replace");
}

KeySourceKind KeySource::decide() {
  if (options_.job) return KeySourceKind::kMemory;
  for (KeySourceKind kind : {KeySourceKind::kSystemd, KeySourceKind::kKeyring})
    if (probe(kind).usable) return kind;
  return KeySourceKind::kFile;
}

}  // namespace rfs
