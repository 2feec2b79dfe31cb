// Provenance: what Meta::provenance of a cache entry says beside its times. Pure; any thread.
#pragma once

#include <string>

#include "backends/entry.h"

namespace rfs {

struct Provenance {
  std::string operation;
  std::string content_hash;       // CIDv1 of the fields, or "" where there are none
  std::string validation_fields;  // as they are hashed, or ""
  int ttl = 0;                    // seconds from fetched_at
  std::string peer;               // who sent it, or "": it was put here
};

// {"operation", "ttl", "timestamp", "content_hash", "validation_fields"}, the last two null where there are none;
// and "peer".
std::string provenance_json(const Provenance& provenance, double timestamp);
// What an entry says; a default one for an entry that says nothing.
Provenance provenance_of(const Entry& entry);

}  // namespace rfs
