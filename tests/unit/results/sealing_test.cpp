#include "backends/results/sealing.h"

#include <sys/resource.h>

#include <csignal>
#include <random>

#include "tests/unit/results/rig.h"

using namespace rfs;
using namespace rfs::test;
using results::Sealing;

namespace {

constexpr std::size_t kAlone = 1u << 20, kBlockSize = 256u << 10;  // where a thread begins, and what it takes at a time

// Bytes that do not get smaller.
std::string noise(std::size_t size) {
  std::mt19937_64 chance(7);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(chance());
  return out;
}

// Files of this process grow no larger while it lives, as on a disk that is full.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t most) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit now{most, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("bytes of any number in pieces of any size are sealed as they came") {
  ResultsRig rig;
  std::mt19937 chance(7);
  const std::size_t one = kAlone + kBlockSize, many = kAlone + 20 * kBlockSize + 7;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kAlone - 1, kAlone, kAlone + 1, one - 1, one, one + 1, many}) {
    INFO(size);
    const std::string content = noise(size);
    Sealing sealing(rig.store->draft_body().value());
    for (std::size_t at = 0; at < size;) {
      const std::size_t piece = std::min<std::size_t>(size - at, 1 + chance() % 600'000);
      REQUIRE(sealing.append(view(std::string_view(content).substr(at, piece))));
      at += piece;
    }
    CHECK(sealing.size() == size);
    const auto sealed = sealing.finish();
    REQUIRE(sealed);
    CHECK(sealed->sha256 == sha256(view(content)));
    CHECK(read_all(*sealed->body).value() == content);
  }
}

TEST_CASE("a disk that takes no more fails a later piece or the end, and nothing stays on it") {
  ResultsRig rig;
  rig.put(scan_of(), codeql_like(3000));
  const auto files = files_below(rig.world.directory + "/objects");
  const std::string content = noise(16 << 20);
  Result<> taken;
  bool finished = false;
  {
    Sealing sealing(rig.store->draft_body().value());
    SmallFiles small(3 << 20);
    for (std::size_t at = 0; taken && at < content.size(); at += 1 << 20)
      taken = sealing.append(view(std::string_view(content).substr(at, 1 << 20)));
    if (taken) finished = sealing.finish().has_value();
  }
  CHECK_FALSE((taken && finished));
  CHECK(files_below(rig.world.directory + "/objects") == files);
  CHECK(rig.content(rig.results.find(scan_of()).value().value()) == codeql_like(3000));
}

TEST_CASE("what is given up half way leaves nothing") {
  ResultsRig rig;
  const std::string content = noise(8 << 20);
  {
    Sealing sealing(rig.store->draft_body().value());
    REQUIRE(sealing.append(view(content)));
  }
  CHECK(files_below(rig.world.directory + "/objects").empty());
}
