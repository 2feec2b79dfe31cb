// The tables of credentials.db. runnerfs-formats(7), "CREDENTIALS DIRECTORY".
#pragma once

#include <span>

#include "backends/store/schema.h"

namespace rfs::secrets {

inline constexpr store::Schema kSchema = {0x52465332,  // "RFS2"
                                          1,
                                          R"(
-- Values of the store itself: store_id (16 bytes), ring (the RING record), ring_next (the same under the root key that
-- is about to replace the present one), root (the ROOT record).
CREATE TABLE meta (
  name  TEXT PRIMARY KEY NOT NULL,
  value ANY
) STRICT, WITHOUT ROWID;

-- One credential a row.
CREATE TABLE secret (
  id      BLOB PRIMARY KEY NOT NULL,  -- HMAC(K_lookup, 3, scope kind, scope id, name)
  parent  BLOB NOT NULL,              -- HMAC(K_parent, 3, scope kind, scope id)
  version INTEGER NOT NULL,           -- one more at each write
  gen     INTEGER NOT NULL,           -- of the store when it was written
  rec     BLOB NOT NULL               -- SECRET record
) STRICT;
CREATE INDEX secret_gen ON secret (gen);

-- What was removed, so that other processes need not read all rows to see it.
CREATE TABLE gone (
  id      BLOB PRIMARY KEY NOT NULL,
  version INTEGER NOT NULL,  -- the last one
  gen     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX gone_gen ON gone (gen);
)"};

// Version 1 is the first.
inline std::span<const store::Migration> migrations() { return {}; }

inline constexpr DbWords kWords = {"credentials database", "credentials directory", "CREDENTIALS_DIR"};

}  // namespace rfs::secrets
