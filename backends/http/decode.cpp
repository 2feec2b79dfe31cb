#include "backends/http/decode.h"

#include <zlib.h>
#include <zstd.h>
#ifdef RFS_HAVE_BROTLI
#include <brotli/decode.h>
#endif

#include <array>

#include "backends/http/headers.h"
#include "base/handle.h"
#include "base/text.h"

namespace rfs {

namespace {

constexpr std::size_t kPiece = 64u << 10;
using Piece = std::array<char, kPiece>;

tl::unexpected<Error> broken() { return fail(Code::kBroken, "it does not decompress"); }

Result<> append(std::string& out, const char* data, std::size_t size, std::uint64_t most) {
  if (out.size() + size > most) return fail(Code::kTooLarge, "it decompresses to more than is allowed");
  out.append(data, size);
  return {};
}

// RFC 1952: one member after the other, each with a checksum and its length.
class Gzip final : public Decoder {
 public:
  Gzip() : usable_(inflateInit2(&stream_, MAX_WBITS + 16) == Z_OK) {}
  ~Gzip() override {
    if (usable_) inflateEnd(&stream_);
  }

  Result<> add(std::string_view data, std::string& out, std::uint64_t most) override {
    if (!usable_) return broken();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream_.avail_in = static_cast<uInt>(data.size());
    Piece piece;
    do {
      if (ended_ && stream_.avail_in > 0 && inflateReset(&stream_) != Z_OK) return broken();
      stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream_.avail_out = kPiece;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      // Z_BUF_ERROR: nothing left to do before more comes.
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return broken();
      TRY(append(out, piece.data(), kPiece - stream_.avail_out, most));
      ended_ = result == Z_STREAM_END || (ended_ && result == Z_BUF_ERROR);
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return {};
  }

  bool ended() const override { return ended_; }

 private:
  z_stream stream_{};
  const bool usable_;
  bool ended_ = false;
};

class Zstd final : public Decoder {
 public:
  Zstd() : stream_(ZSTD_createDStream()) {
    // RFC 9659: a server may not ask for a larger window than 8 MiB.
    if (stream_) ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, 23);
  }

  Result<> add(std::string_view data, std::string& out, std::uint64_t most) override {
    if (!stream_) return broken();
    ZSTD_inBuffer in{data.data(), data.size(), 0};
    Piece piece;
    for (bool more = !data.empty(); more;) {
      ZSTD_outBuffer to{piece.data(), piece.size(), 0};
      const std::size_t left = ZSTD_decompressStream(stream_.get(), &to, &in);
      if (ZSTD_isError(left)) return broken();
      TRY(append(out, piece.data(), to.pos, most));
      ended_ = left == 0;
      more = in.pos < in.size || (!ended_ && to.pos == to.size);
    }
    return {};
  }

  bool ended() const override { return ended_; }

 private:
  Handle<ZSTD_DStream, ZSTD_freeDStream> stream_;
  bool ended_ = false;
};

#ifdef RFS_HAVE_BROTLI
class Brotli final : public Decoder {
 public:
  Brotli() : stream_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {}

  Result<> add(std::string_view data, std::string& out, std::uint64_t most) override {
    if (!stream_) return broken();
    auto* in = reinterpret_cast<const std::uint8_t*>(data.data());
    std::size_t left = data.size();
    Piece piece;
    for (;;) {
      auto* to = reinterpret_cast<std::uint8_t*>(piece.data());
      std::size_t room = piece.size();
      const auto result = BrotliDecoderDecompressStream(stream_.get(), &left, &in, &room, &to, nullptr);
      TRY(append(out, piece.data(), piece.size() - room, most));
      if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) continue;
      if (result == BROTLI_DECODER_RESULT_ERROR || left > 0) return broken();
      return {};
    }
  }

  bool ended() const override { return stream_ && BrotliDecoderIsFinished(stream_.get()); }

 private:
  Handle<BrotliDecoderState, BrotliDecoderDestroyInstance> stream_;
};
#endif

}  // namespace

std::string_view offered_codings() {
#ifdef RFS_HAVE_BROTLI
  return "gzip, br, zstd";
#else
  return "gzip, zstd";
#endif
}

Result<std::unique_ptr<Decoder>> make_decoder(std::string_view coding) {
  coding = trimmed(coding);
  if (coding.empty() || same_text(coding, "identity")) return std::unique_ptr<Decoder>();
  if (same_text(coding, "gzip") || same_text(coding, "x-gzip")) return std::make_unique<Gzip>();
  if (same_text(coding, "zstd")) return std::make_unique<Zstd>();
#ifdef RFS_HAVE_BROTLI
  if (same_text(coding, "br")) return std::make_unique<Brotli>();
#endif
  return fail(Code::kBroken, "it is in a content coding that was not asked for");
}

}  // namespace rfs
