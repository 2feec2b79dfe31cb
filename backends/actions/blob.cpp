#include "backends/actions/blob.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "backends/http/url.h"
#include "base/encode.h"

namespace rfs {
namespace {

constexpr Millis kPieceTime{180'000};
constexpr const char* kBlobVersion = "2020-10-02";

Result<std::string> read_piece(int file, std::uint64_t at, std::uint64_t size) {
  std::string out(size, '\0');
  for (std::size_t got = 0; got < size;) {
    const ssize_t n = ::pread(file, out.data() + got, size - got, static_cast<off_t>(at + got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_errno(n < 0 ? errno : EIO, "the snapshot cannot be read");
    got += static_cast<std::size_t>(n);
  }
  return out;
}

std::string with_query(const std::string& url, const std::string& query) {
  return url + (url.find('?') == std::string::npos ? "?" : "&") + query;
}

// All ids have one length, as the store wants it.
std::string block_id(std::uint64_t index) { return base64(view(fmt::format("block-{:08}", index))); }

Result<> put_blob(Web& web, const std::string& url, std::string content, bool whole) {
  HttpRequest request;
  request.url = url;
  request.method = "PUT";
  request.timeout = kPieceTime;
  request.max_body = 64u << 10;
  request.headers = {{"Content-Type", "application/octet-stream"}, {"x-ms-version", kBlobVersion}};
  if (whole) request.headers.emplace_back("x-ms-blob-type", "BlockBlob");
  request.content = std::make_shared<const std::string>(std::move(content));
  TRY_ASSIGN(const HttpResponse response, web.ask(request));
  if (response.status >= 200 && response.status < 300) return {};
  if (response.status == 403)
    return fail(Code::kDenied, "the store of the Actions cache refuses the upload: its URL may have expired",
                "a later job tries again");
  return fail(Code::kBroken, fmt::format("the store of the Actions cache answered the upload with {}", response.status),
              "a later job tries again");
}

}  // namespace

Result<> send_pieces(int file, std::uint64_t size, const BlobLimits& limits,
                     const std::function<Result<>(std::uint64_t, std::uint64_t, std::string)>& send) {
  const std::uint64_t pieces = (size + limits.piece - 1) / limits.piece;
  std::atomic<std::uint64_t> next{0};
  std::mutex mutex;
  std::optional<Error> failed;
  const auto work = [&] {
    for (std::uint64_t index = next++; index < pieces; index = next++) {
      const std::uint64_t at = index * limits.piece;
      auto bytes = read_piece(file, at, std::min(limits.piece, size - at));
      auto sent = bytes ? send(index, at, std::move(*bytes)) : Result<>(fail(std::move(bytes.error())));
      if (sent) continue;
      const std::lock_guard lock(mutex);
      if (!failed) failed = std::move(sent.error());
      next = pieces;
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t i = 1; i < std::min<std::uint64_t>(limits.parallel, pieces); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (failed) return fail(std::move(*failed));
  return {};
}

Result<> upload_blob(Web& web, const std::string& url, int file, std::uint64_t size, const BlobLimits& limits) {
  if (size <= limits.piece) {
    TRY_ASSIGN(std::string content, read_piece(file, 0, size));
    return put_blob(web, url, std::move(content), true);
  }
  TRY(send_pieces(file, size, limits, [&](std::uint64_t index, std::uint64_t, std::string bytes) {
    const std::string query = "comp=block&blockid=" + percent_encode(block_id(index));
    return put_blob(web, with_query(url, query), std::move(bytes), false);
  }));
  std::string list = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (std::uint64_t index = 0; index * limits.piece < size; ++index)
    list += "<Latest>" + block_id(index) + "</Latest>";
  return put_blob(web, with_query(url, "comp=blocklist"), list + "</BlockList>", false);
}

}  // namespace rfs
