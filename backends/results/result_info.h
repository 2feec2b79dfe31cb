// ResultInfo: what is known about one stored result of a scan, without its SARIF. Immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backends/entry.h"
#include "base/result.h"

namespace rfs::results {

// Which scan: what codeql/OWNER/REPO/COMMIT/CONFIG/LANGUAGE.sarif names. Owner and repository as they were written first;
// case does not count, as at GitHub.
struct ResultName {
  std::string repository;  // "octo/hello"
  std::string commit;      // 40 hex digits, lower case
  std::string config;      // codeql/config.h
  std::string language;    // codeql/languages.h
};
// GitHub's own rule for owners and repositories.
bool is_github_name(std::string_view text);
// Whether codeql/ can show it: each part is of its form and in its canonical spelling. What comes from elsewhere may hold
// anything.
bool is_name(const ResultName& name);
// "octo/hello/<commit>/<config>".
std::string directory_of(const ResultName& name);
bool same_scan(const ResultName& one, const ResultName& other);

struct ResultInfo {
  ResultName name;
  std::string trust;   // class of the job that stored it (codeql/trust.h)
  std::string source;  // "local", or how it came: "snapshot", "peer"
  std::string peer;    // the id of the peer that sent it; "" otherwise
  std::string digest;  // SHA-256 of the SARIF, hex
  std::uint64_t size = 0;
  double stored_at = 0;         // wall seconds
  double scan_duration = -1;    // seconds; below 0: not known
  std::string tool, version, category;  // of its only run; "" when there are several, or it does not say
  std::uint64_t alerts = 0;
  std::string summary;          // JSON object: counts and warnings (sarif::summary_members)
  // Of the manifest that was stored with it; all "" without one.
  std::string manifest;  // SHA-256 of its JSON, hex
  std::string key, mode, tree, ref, event;
  std::string uncertain;     // an input that may mean something else tomorrow; a sentence
  std::string not_reusable;  // why it is no ground for a skip; "" when it is one
};

// The entry's key on disk.
EntryKey key_of(const ResultName& name, const std::string& trust);
// The part of it that an entry keeps beside its body (Meta::provenance).
std::string provenance_of(const ResultInfo& info);
// kTampered: not what provenance_of() wrote.
Result<ResultInfo> info_of(const Entry& entry);
// Whether an entry is a result, and no manifest of one.
bool is_result(const Entry& entry);

// The entry of a manifest: by what it says, so that none is ever replaced by another.
EntryKey manifest_key(const std::string& digest);

// The text of OWNER/…/LANGUAGE.json.
std::string summary_json(const ResultInfo& info);

}  // namespace rfs::results
