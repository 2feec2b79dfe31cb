// Two faces of one program, as in runnerfs itself: `keyring-helper WORD` is the helper; else it is a user of KeySource:
//   keyring_tool probe|load|create|establish KIND STATE_DIRECTORY     one line: the outcome
//   keyring_tool replace KIND STATE_DIRECTORY                         by a new random key: the outcome of loading it
//   keyring_tool decide STATE_DIRECTORY
// A key is printed as the start of its hash, so that a test can tell whether two are equal.
#include <cstdio>
#include <string>

#include "base/encode.h"
#include "base/error.h"
#include "crypto/hash.h"
#include "crypto/key_source.h"
#include "crypto/keyring_helper.h"

using namespace rfs;

namespace {

void print(const std::string& line) { std::puts(line.c_str()); }

void print(const Result<RootKey>& key) {
  if (key)
    print("key " + hex(BytesView(sha256(key->bytes.reveal())).first(8)));
  else
    print(std::string(to_word(key.error().code)) + ": " + key.error().message);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "keyring-helper") return keyring_helper_main(argc, argv);
  if (argc < 3 || !secret_setup()) return 2;
  std::string verb = argv[1];
  KeySourceOptions options;
  options.helper = argv[0];
  options.state_directory = argv[argc - 1];
  KeySource source(options);
  if (verb == "decide") {
    print(std::string(key_source_word(source.decide())));
    return 0;
  }
  KeySourceKind kind;
  if (argc != 4 || !parse_key_source(argv[2], kind)) return 2;
  if (verb == "probe") {
    KeySourceState state = source.probe(kind);
    print(state.word + (state.usable ? ", usable" : "") + (state.has_key ? ", has a key" : ""));
  } else if (verb == "load") {
    print(source.load(kind));
  } else if (verb == "create") {
    print(source.create(kind));
  } else if (verb == "establish") {
    print(source.establish(kind));
  } else if (verb == "replace") {
    auto replaced = source.replace(kind, SecretBytes::random(32));
    print(replaced ? source.load(kind) : Result<RootKey>(fail(replaced.error())));
  } else {
    return 2;
  }
  return 0;
}
