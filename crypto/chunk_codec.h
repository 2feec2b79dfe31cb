// One zstd frame a chunk: how bodies are compressed so that any chunk can be read alone.
#pragma once

#include "base/bytes.h"

namespace rfs {

Bytes compress_chunk(BytesView plaintext);
// Exactly one frame that holds exactly out.size() bytes; false for all else. Allocates nothing that the frame asks for.
[[nodiscard]] bool decompress_chunk(BytesView frame, MutableBytes out);
std::size_t compressed_most(std::size_t plaintext);

}  // namespace rfs
