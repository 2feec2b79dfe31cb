#include "tests/contract/samples.h"

#include <random>

#include "crypto/hash.h"

namespace rfs::contract {

// Half of it repeats, so that compression has something to do and still meets hard bytes.
std::string bytes_of_size(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  std::mt19937 random(seed);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = (i / 1000) % 2 ? static_cast<char>('a' + i % 17) : static_cast<char>(random());
  return bytes;
}

EntryKey key_of(const std::string& name, const std::string& partition) {
  EntryKey key;
  key.partition = partition;
  key.canonical = "api.github.com/repos/octo/hello/" + name;
  key.directory = "repos/octo/hello";
  key.name = name + ".json";
  return key;
}

std::shared_ptr<Entry> entry_of(const EntryKey& key, std::string body) {
  auto entry = std::make_shared<Entry>();
  entry->key = key;
  entry->meta.fetched_at = 1'700'000'000;
  entry->meta.validated_at = 1'700'000'000;
  entry->meta.expires_at = 1'700'000'060;
  entry->sha256 = sha256(view(body));
  entry->body = std::make_shared<MemoryBody>(std::move(body));
  return entry;
}

}  // namespace rfs::contract
