// The key of a scan: equal keys mean that a scan would see the same of everything that it depends on. Every input of it
// is kept in clear, so that a hit and a miss can be explained. Pure; any thread.
//
// What is left out on purpose: the commit (that is the point), what changes with every run (ids, numbers, attempts,
// actors, refs, the SHA of the workflow: its file's blob stands for it), names and directories of runners, the job
// (deciding and scanning are often two jobs; the workflow's blob holds their text), and variables that no file sets.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rfs::codeql {

enum class Mode {
  kAuto,    // kInert for languages without a build, else kTree
  kTree,    // the root tree: every file
  kInert,   // every path and mode, and the content of all but documents and pictures
  kCommit,  // the reference's: repository, commit, configuration, language
};
std::optional<Mode> parse_mode(std::string_view text);
std::string_view mode_word(Mode mode);

using Inputs = std::map<std::string, std::string>;

// SHA-256 over the schema's name and, for each input in the order of the names, its name and value, each after its
// length in eight bytes: 64 hex digits.
std::string key_of(const Inputs& inputs);

// codeql_scan:OWNER/REPO:COMMIT:HASH[:LANGUAGE], as the reference writes it.
std::string reference_key(std::string_view repository, std::string_view commit, std::string_view config,
                          std::string_view language);

// What is kept beside a result, and what `runnerfs codeql key --json` prints.
struct Manifest {
  std::string key;  // key_of(inputs), or reference_key
  Mode mode = Mode::kTree;  // never kAuto
  Inputs inputs;
  std::vector<std::string> floating;  // inputs that may mean something else tomorrow; sentences
  // Where it was made, not part of the key.
  std::string repository, commit, tree, ref, event, run;
  // Class of trust of the job that stored it (trust.h), and why it is no ground for a skip ("" when it is one).
  std::string trust, not_reusable;
  // The word of a writer for it and its SARIF (writer.h); kept as it came, and worth nothing unverified.
  struct Signature {
    std::string writer, value;  // base64: public key, signature
    std::int64_t at = 0;        // milliseconds since 1970
  };
  std::optional<Signature> signature;
  // Blob of each file that a result names, in the commit.
  std::map<std::string, std::string> blobs;
};

// One JSON object, members and inputs sorted by name; the same manifest gives the same bytes.
std::string manifest_json(const Manifest& manifest);
// kInvalid: it is none, or its key is not that of its inputs.
Result<Manifest> parse_manifest(std::string_view json);

// One sentence for each input that differs, the telling ones first: "tool-version was 2.20.1, is 2.20.3".
std::vector<std::string> differences(const Inputs& was, const Inputs& is);

}  // namespace rfs::codeql
