#include "crypto/chunk_codec.h"

#include <zstd.h>

#include "base/handle.h"
#include "crypto/must.h"

namespace rfs {
namespace {

// Level 1: at 64 KiB a chunk the higher ones give a few per cent of size for a third of the speed.
constexpr int kLevel = 1;

// A context is most of a megabyte: one a thread, not one a chunk.
ZSTD_CCtx* compressor() {
  static thread_local Handle<ZSTD_CCtx, ZSTD_freeCCtx> context(ZSTD_createCCtx());
  return context.get();
}
ZSTD_DCtx* decompressor() {
  static thread_local Handle<ZSTD_DCtx, ZSTD_freeDCtx> context(ZSTD_createDCtx());
  return context.get();
}

}  // namespace

std::size_t compressed_most(std::size_t plaintext) { return ZSTD_compressBound(plaintext); }

Bytes compress_chunk(BytesView plaintext) {
  Bytes out(compressed_most(plaintext.size()));
  std::size_t n = ZSTD_compressCCtx(compressor(), out.data(), out.size(), plaintext.data(), plaintext.size(), kLevel);
  if (ZSTD_isError(n)) library_must(false, "zstd");
  out.resize(n);
  return out;
}

bool decompress_chunk(BytesView frame, MutableBytes out) {
  // The size is in every frame that compress_chunk makes; a frame that says another, or none, is refused before any
  // work. One-shot decompression writes into `out` alone: no window is allocated, whatever the frame asks for.
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != out.size()) return false;
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) return false;
  std::uint8_t none = 0;
  std::uint8_t* to = out.empty() ? &none : out.data();
  return ZSTD_decompressDCtx(decompressor(), to, out.size(), frame.data(), frame.size()) == out.size();
}

}  // namespace rfs
