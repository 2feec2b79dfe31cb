// Entry: one cached answer, immutable and shared. What every tier finds and every namespace serves.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "backends/body.h"
#include "base/bytes.h"

namespace rfs {

// The numbers are written to disk (META tag 2); never reuse one.
enum class Space : std::uint8_t { kApi = 1, kCache = 2, kCodeql = 3 };

// Where the bytes were found for this reader; .source of the xattrs. Written to disk (META tag 15).
enum class Source : std::uint8_t { kMemory = 1, kDisk = 2, kPeer = 3, kOrigin = 4 };

// Why the body is believed; .proof of the xattrs. Written to disk (META tag 14).
enum class Proof : std::uint8_t { kOrigin = 1, kEtag = 2, kSharedSecret = 3, kLocal = 4 };

// Says which entry: everything that its id on disk is derived from (runnerfs-formats(7)).
struct EntryKey {
  Space space = Space::kApi;
  // Keyed hash of the credential's identity (backends/github/identity.h), or "" for an entry that is one for all
  // credentials, each of which has yet to be vouched for.
  std::string partition;
  std::string cls;  // class of trust (DESIGN 2.3); "" in api and cache
  // What is unique within space, partition and cls. api: lp(host) lp(path) lp(query) lp(accept) lp(api-version).
  // cache: the key.
  std::string canonical;
  // For listings: the directory that shows it ("" is the root of the space) and its name there, as a user types it.
  std::string directory;  // "repos/octo/hello"
  std::string name;       // "runs@status=success.json"
};

// Facts beside the body. A 304 gives a new Meta and the same Body.
struct Meta {
  int status = 200;
  std::string accept;
  std::string api_version;
  std::string etag;  // as received, W/ included
  std::string link;  // Link header of the last answer
  std::string last_modified;
  double fetched_at = 0;    // wall seconds: when the body came from its origin
  double validated_at = 0;  // when this partition last had it confirmed (== fetched_at at first)
  double expires_at = 0;    // fresh until then; a far future for immutable objects
  Proof proof = Proof::kOrigin;
  Source source = Source::kOrigin;  // how it came to this machine
  bool immutable = false;           // named by a full commit SHA and vouched for
  // The ETag could be recomputed from the bytes when stored: one entry for all credentials (etag.h).
  bool shareable = false;
  // Anything else, a JSON object or "": cache/ keeps {"content_hash", "validation_fields", "ttl", "operation"}.
  std::string provenance;
};

struct Entry {
  EntryKey key;
  Meta meta;
  std::shared_ptr<const Body> body;  // never null
  Digest sha256{};                   // of the body
  // Where these bytes were found this time; differs from meta.source.
  Source found = Source::kOrigin;

  // Equal versions are the same bytes: what an inode stands for.
  const Digest& version() const { return sha256; }
};

using EntryPtr = std::shared_ptr<const Entry>;

// One text for everything that tells keys apart: space ‖ length and partition ‖ length and cls ‖ canonical. For maps.
std::string unique_text(const EntryKey& key);

// "api/repos/octo/hello.json": where a user sees it below the mountpoint.
std::string user_path(const EntryKey& key);
std::string_view space_word(Space space);     // "api" | "cache" | "codeql"
std::string_view source_word(Source source);  // "memory" | "disk" | "peer" | "origin"
std::string_view proof_word(Proof proof);     // "origin" | "etag" | "shared-secret" | "local"

}  // namespace rfs
