// Files to and from a store of blobs (Azure's, or one that behaves like it) by signed URLs. Blocks; pieces are on their
// way in parallel, and never more than a few of them are in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "backends/actions/web.h"

namespace rfs {

struct BlobLimits {
  std::uint64_t piece = 8u << 20;
  unsigned parallel = 4;
  std::uint64_t most = 8ull << 30;  // a longer file is not taken
};

// The first `size` bytes of the file. One piece goes as a whole, more as blocks and their list.
Result<> upload_blob(Web& web, const std::string& url, int file, std::uint64_t size, const BlobLimits& limits = {});

// PUTs or PATCHes pieces in parallel: send(offset, bytes) is called for each, on threads of its own.
Result<> send_pieces(int file, std::uint64_t size, const BlobLimits& limits,
                     const std::function<Result<>(std::uint64_t index, std::uint64_t offset, std::string bytes)>& send);

// Into the file, from its beginning; answers the length. What breaks off goes on where it broke off. fresh: another URL
// for the same blob, when this one has expired; an error ends it.
Result<std::uint64_t> download_blob(Web& web, std::string url, int file, const std::function<Result<std::string>()>& fresh,
                                    const BlobLimits& limits = {});

}  // namespace rfs
