// The other half of blob.h: a file comes in pieces, in parallel, each tried again where it broke off.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "backends/actions/blob.h"

namespace rfs {
namespace {

constexpr Millis kPieceWait{180'000};
constexpr int kPieceTries = 5;
constexpr int kFreshMost = 3;

// "bytes 0-99/1234" → 0, 99, 1234.
struct ContentRange {
  std::uint64_t first, last, total;
};
std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  ContentRange out{};
  const char* at = text.data() + kUnit.size();
  const char* const end = text.data() + text.size();
  const auto number = [&](std::uint64_t& value, char border) {
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || (border ? next == end || *next != border : next != end)) return false;
    at = next + (border ? 1 : 0);
    return true;
  };
  if (!number(out.first, '-') || !number(out.last, '/') || !number(out.total, '\0')) return std::nullopt;
  if (out.first > out.last || out.last >= out.total) return std::nullopt;
  return out;
}

class Download {
 public:
  Download(Web& web, std::string url, int file, const std::function<Result<std::string>()>& fresh, const BlobLimits& limits)
      : web_(web), url_(std::move(url)), file_(file), fresh_(fresh), limits_(limits) {}

  Result<std::uint64_t> run() {
    TRY(piece(0, limits_.piece));
    if (whole_) return total_;
    const std::uint64_t pieces = (total_ + limits_.piece - 1) / limits_.piece;
    std::atomic<std::uint64_t> next{1};
    std::mutex mutex;
    std::optional<Error> failed;
    const auto work = [&] {
      for (std::uint64_t index = next++; index < pieces; index = next++) {
        const std::uint64_t begin = index * limits_.piece;
        auto done = piece(begin, std::min(limits_.piece, total_ - begin));
        if (done) continue;
        const std::lock_guard lock(mutex);
        if (!failed) failed = std::move(done.error());
        next = pieces;
      }
    };
    std::vector<std::thread> threads;
    for (std::uint64_t i = 1; i < std::min<std::uint64_t>(limits_.parallel, pieces); ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    if (failed) return fail(std::move(*failed));
    return total_;
  }

 private:
  // Bytes [begin, begin + size) of the blob; the first piece also learns how long it is.
  Result<> piece(std::uint64_t begin, std::uint64_t size) {
    std::uint64_t have = 0;
    Error last{Code::kBroken, "the store of the Actions cache sends less than it says", "a later job tries again", -1};
    std::uint64_t before = 0;
    for (int tried = 0; tried < kPieceTries && have < size; ++tried) {
      // What goes on counts as a first try, as long as it is more than a trickle.
      if (have >= before + std::max<std::uint64_t>(1, size / 16)) {
        tried = 0;
        before = have;
      } else if (tried > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100u << tried));
      }
      const std::string url = now();
      const std::uint64_t from = begin + have;
      std::uint64_t got = 0;
      HttpRequest request;
      request.url = url;
      request.timeout = kPieceWait;
      request.no_coding = true;
      request.headers = {{"Range", fmt::format("bytes={}-{}", from, begin + size - 1)}};
      // A store that knows no ranges sends all of it.
      request.max_body = from == 0 ? limits_.most : size - have;
      request.sink = [&](std::string_view bytes) { return keep(from + got, bytes) && (got += bytes.size(), true); };
      HttpResult result = web_.once(std::move(request));
      if (!result) {
        last = std::move(result.error().error);
        // What came stays only when it was a piece: of a whole answer nobody knows.
        if (result.error().transient && last.code == Code::kBroken && total_ > 0) have += std::min(got, size - have);
        if (!result.error().transient && last.code != Code::kTimeout) return fail(std::move(last));
        continue;
      }
      const int status = result->status;
      if (status == 200 && from == 0 && got > 0) {
        whole_ = true;
        total_ = got;
        return {};
      }
      if (status == 206) {
        const auto range = parse_content_range(result->headers.get("content-range"));
        if (!range || range->first != from || range->total > limits_.most || (total_ > 0 && range->total != total_) ||
            got > range->last - range->first + 1)
          return fail(Code::kBroken, "the store of the Actions cache answers with another piece than it was asked for");
        total_ = range->total;
        size = std::min(size, total_ - begin);
        have += got;
        continue;
      }
      if (status == 401 || status == 403 || status == 404 || status == 410) {
        TRY(renew(url));
        continue;
      }
      last = Error{Code::kBroken, fmt::format("the store of the Actions cache answers with {}", status),
                   "a later job tries again", -1};
      if (status < 500 && status != 429) return fail(std::move(last));
    }
    if (have < size) return fail(std::move(last));
    return {};
  }

  std::string now() {
    const std::lock_guard lock(mutex_);
    return url_;
  }
  // Signed URLs live for some minutes. Of those that notice at once, one asks.
  Result<> renew(const std::string& used) {
    const std::lock_guard lock(mutex_);
    if (url_ != used) return {};
    if (++renewed_ > kFreshMost)
      return fail(Code::kDenied, "the store of the Actions cache refuses the download", "a later job tries again");
    TRY_ASSIGN(url_, fresh_());
    return {};
  }
  bool keep(std::uint64_t at, std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
      at += static_cast<std::uint64_t>(n);
    }
    return true;
  }

  Web& web_;
  std::mutex mutex_;
  std::string url_;  // under mutex_
  int renewed_ = 0;  // under mutex_
  const int file_;
  const std::function<Result<std::string>()>& fresh_;
  const BlobLimits limits_;
  std::uint64_t total_ = 0;  // set by the first piece, before there are threads
  bool whole_ = false;
};

}  // namespace

Result<std::uint64_t> download_blob(Web& web, std::string url, int file, const std::function<Result<std::string>()>& fresh,
                                    const BlobLimits& limits) {
  return Download(web, std::move(url), file, fresh, limits).run();
}

}  // namespace rfs
