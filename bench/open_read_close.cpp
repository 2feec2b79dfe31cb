// open+read+close of one file, many times: prints JSON with nanoseconds a round (p50, p99) for each path given, taken
// in turn so that a drift of the machine meets all of them alike.
//
//   open_read_close ROUNDS PATH…
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

long long round_of(const char* path, std::vector<char>& buffer) {
  const auto begin = std::chrono::steady_clock::now();
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  long got = 0;
  for (long n; (n = ::read(fd, buffer.data(), buffer.size())) > 0;) got += n;
  ::close(fd);
  const auto end = std::chrono::steady_clock::now();
  return got > 0 ? std::chrono::duration_cast<std::chrono::nanoseconds>(end - begin).count() : -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: open_read_close ROUNDS PATH…\n"), 2;
  const long rounds = std::atol(argv[1]);
  const int paths = argc - 2;
  std::vector<char> buffer(64 << 10);
  std::vector<std::vector<long long>> times(static_cast<std::size_t>(paths));
  for (int p = 0; p < paths; ++p)
    for (int i = 0; i < 100; ++i)  // warm
      if (round_of(argv[2 + p], buffer) < 0) return std::perror(argv[2 + p]), 1;
  for (long i = 0; i < rounds; ++i)
    for (int p = 0; p < paths; ++p) times[static_cast<std::size_t>(p)].push_back(round_of(argv[2 + p], buffer));
  std::printf("[");
  for (int p = 0; p < paths; ++p) {
    auto& mine = times[static_cast<std::size_t>(p)];
    std::sort(mine.begin(), mine.end());
    if (mine.front() < 0) return std::fprintf(stderr, "%s could not be read in every round\n", argv[2 + p]), 1;
    std::printf("%s{\"p50_ns\":%lld,\"p99_ns\":%lld}", p ? "," : "", mine[mine.size() / 2], mine[mine.size() * 99 / 100]);
  }
  std::printf("]\n");
}
