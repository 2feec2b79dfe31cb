// Finds in a store of N entries: fills a store, opens it anew, and prints JSON with nanoseconds a cold find (p50, p99)
// and the resident memory before and after.
//
//   store_find DIRECTORY ENTRIES FINDS
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include "backends/store/entry_store.h"
#include "base/secret.h"
#include "crypto/hash.h"

using namespace rfs;

namespace {

EntryKey key_of(std::uint64_t number) {
  const std::string repository = "r" + std::to_string(number);
  return EntryKey{Space::kApi, "0123456789abcdef0123456789abcdef", "", "bench:" + repository, "repos/o" + std::to_string(number / 1000),
                  repository + ".json"};
}

EntryPtr entry_of(std::uint64_t number, double now) {
  std::string body = "{\"number\":" + std::to_string(number) + ",\"text\":\"" + std::string(1900, 'x') + "\"}";
  auto entry = std::make_shared<Entry>();
  entry->key = key_of(number);
  entry->meta.fetched_at = entry->meta.validated_at = now;
  entry->meta.expires_at = now + 86400;
  entry->meta.etag = "\"" + std::to_string(number) + "\"";
  entry->sha256 = sha256(view(body));
  entry->body = std::make_shared<MemoryBody>(std::move(body));
  return entry;
}

long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  return -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: store_find DIRECTORY ENTRIES FINDS\n"), 2;
  if (!secret_setup()) return 1;
  const std::uint64_t entries = std::strtoull(argv[2], nullptr, 10), finds = std::strtoull(argv[3], nullptr, 10);
  SystemClock clock;
  Counters counters;
  ErrorRing errors(clock, counters);
  RootKey root{SecretBytes::random(32), KeySourceKind::kMemory, ""};
  StoreOptions options;
  options.directory = argv[1];
  options.max_bytes = 64ull << 30;
  options.max_entries = entries + 1;
  std::string notice;
  auto began = std::chrono::steady_clock::now();
  {
    auto store = EntryStore::open(options, root, clock, counters, errors, notice);
    if (!store) return std::fprintf(stderr, "%s\n", store.error().message.c_str()), 1;
    for (std::uint64_t i = 0; i < entries; ++i) {
      if (auto put = (*store)->put(entry_of(i, clock.wall())); !put) return std::fprintf(stderr, "%s\n", put.error().message.c_str()), 1;
      if (i % 20'000 == 19'999)  // the writer's queue holds what is put; wait for it now and then
        if (auto flushed = (*store)->flush(false); !flushed) return std::fprintf(stderr, "%s\n", flushed.error().message.c_str()), 1;
    }
    (void)(*store)->flush(false);
  }
  const double fill = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const long before = resident_kib();
  auto store = EntryStore::open(options, root, clock, counters, errors, notice);
  if (!store) return std::fprintf(stderr, "%s\n", store.error().message.c_str()), 1;
  std::mt19937_64 random(42);
  std::vector<long long> times;
  for (std::uint64_t i = 0; i < finds; ++i) {
    const EntryKey key = key_of(random() % entries);
    began = std::chrono::steady_clock::now();
    auto found = (*store)->find(key);
    times.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - began).count());
    if (!found || !*found) return std::fprintf(stderr, "an entry that was put is not there\n"), 1;
  }
  std::sort(times.begin(), times.end());
  std::printf("{\"entries\":%llu,\"fill_s\":%.1f,\"p50_ns\":%lld,\"p99_ns\":%lld,\"rss_before_kib\":%ld,\"rss_after_kib\":%ld}\n",
              static_cast<unsigned long long>(entries), fill, times[times.size() / 2], times[times.size() * 99 / 100], before,
              resident_kib());
}
