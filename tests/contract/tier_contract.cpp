#include "tests/contract/tier_contract.h"

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "crypto/hash.h"
#include "tests/catch.h"

namespace rfs::contract {

std::string body_of(const Entry& entry) {
  std::string bytes(entry.body->size(), '\0');
  auto n = entry.body->read_at(0, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  REQUIRE(n);
  REQUIRE(*n == bytes.size());
  return bytes;
}

namespace {

EntryPtr found(LocalTier& tier, const EntryKey& key) {
  auto entry = tier.find(key);
  REQUIRE(entry);
  return *entry;
}

std::string piece(const Body& body, std::uint64_t offset, std::size_t size) {
  Bytes out(size);
  auto n = body.read_at(offset, out);
  REQUIRE(n);
  return std::string(text(BytesView(out).first(*n)));
}

}  // namespace

void an_entry_comes_back_as_it_was_put(const MakeSubject& make) {
  Subject subject = make();
  EntryKey key;
  key.space = Space::kCodeql;
  key.partition = "0123456789abcdef";
  key.cls = "fork";
  key.canonical = std::string("nul\0 and \xff inside", 17);
  key.directory = "größe/目录/🙂";
  key.name = "naïve@q=日本語.json";
  auto entry = entry_of(key, "[1]");
  entry->meta = Meta{203,
                     "application/vnd.github+json",
                     "2022-11-28",
                     "W/\"abc\"",
                     "<https://x/?page=2>; rel=\"next\"",
                     "Tue, 14 Nov 2023 22:13:20 GMT",
                     1'700'000'000.123,
                     1'700'000'001.5,
                     9e12,
                     Proof::kEtag,
                     Source::kPeer,
                     true,
                     true,
                     R"({"ttl": 300})"};
  REQUIRE(found(*subject.tier, key) == nullptr);
  REQUIRE(subject.tier->put(entry));
  EntryPtr back = found(*subject.tier, key);
  REQUIRE(back);
  CHECK(back->key.space == key.space);
  CHECK(back->key.partition == key.partition);
  CHECK(back->key.cls == key.cls);
  CHECK(back->key.canonical == key.canonical);
  CHECK(back->key.directory == key.directory);
  CHECK(back->key.name == key.name);
  CHECK(back->meta.status == 203);
  CHECK(back->meta.accept == entry->meta.accept);
  CHECK(back->meta.api_version == entry->meta.api_version);
  CHECK(back->meta.etag == entry->meta.etag);
  CHECK(back->meta.link == entry->meta.link);
  CHECK(back->meta.last_modified == entry->meta.last_modified);
  CHECK(back->meta.fetched_at == entry->meta.fetched_at);
  CHECK(back->meta.validated_at == entry->meta.validated_at);
  CHECK(back->meta.expires_at == entry->meta.expires_at);
  CHECK(back->meta.proof == Proof::kEtag);
  CHECK(back->meta.source == Source::kPeer);
  CHECK(back->meta.immutable);
  CHECK(back->meta.shareable);
  CHECK(back->meta.provenance == entry->meta.provenance);
  CHECK(back->sha256 == entry->sha256);
  CHECK(body_of(*back) == "[1]");
}

void a_body_of_any_size_can_be_read_at_any_offset(const MakeSubject& make) {
  Subject subject = make();
  for (std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{4097}, std::size_t{65'536}, std::size_t{65'537},
        std::size_t{262'143}, std::size_t{262'144}, std::size_t{262'145}, std::size_t{5} << 20}) {
    if (subject.largest && size > subject.largest) continue;
    INFO("size " << size);
    std::string bytes = bytes_of_size(size, static_cast<unsigned>(size));
    EntryKey key = key_of("size" + std::to_string(size));
    REQUIRE(subject.tier->put(entry_of(key, bytes)));
    EntryPtr entry = found(*subject.tier, key);
    REQUIRE(entry);
    REQUIRE(entry->body->size() == size);
    REQUIRE(body_of(*entry) == bytes);
    const Body& body = *entry->body;
    CHECK(piece(body, size, 10).empty());
    CHECK(piece(body, size + 1'000'000, 10).empty());
    CHECK(piece(body, 0, 0).empty());
    if (size == 0) continue;
    CHECK(piece(body, size - 1, 10) == bytes.substr(size - 1));
    // Backwards and over the edges of chunks.
    for (std::uint64_t at : {std::uint64_t{262'140}, std::uint64_t{131'070}, std::uint64_t{65'535},
                             std::uint64_t{65'530}, std::uint64_t{4'095}, std::uint64_t{1}, std::uint64_t{0}})
      if (at < size) CHECK(piece(body, at, 100'000) == bytes.substr(at, 100'000));
  }
}

void put_replaces_and_remove_forgets(const MakeSubject& make) {
  Subject subject = make();
  EntryKey key = key_of("runs");
  for (std::size_t size : {100u, 70'000u, 300'000u, 10u, 300'001u, 0u}) {
    INFO("size " << size);
    std::string bytes = bytes_of_size(size, static_cast<unsigned>(size) + 7);
    auto entry = entry_of(key, bytes);
    entry->meta.etag = "\"" + std::to_string(size) + "\"";
    REQUIRE(subject.tier->put(entry));
    EntryPtr back = found(*subject.tier, key);
    REQUIRE(back);
    CHECK(back->meta.etag == entry->meta.etag);
    CHECK(back->version() == entry->version());
    CHECK(body_of(*back) == bytes);
  }
  REQUIRE(subject.tier->remove(key));
  CHECK(found(*subject.tier, key) == nullptr);
  REQUIRE(subject.tier->remove(key));
  REQUIRE(subject.tier->put(entry_of(key, "again")));
  REQUIRE(found(*subject.tier, key));
  CHECK(body_of(*found(*subject.tier, key)) == "again");
}

void update_changes_the_facts_and_keeps_the_body(const MakeSubject& make) {
  Subject subject = make();
  for (std::size_t size : {10u, 70'000u, 300'000u}) {
    INFO("size " << size);
    EntryKey key = key_of("update" + std::to_string(size));
    std::string bytes = bytes_of_size(size, 3);
    REQUIRE(subject.tier->put(entry_of(key, bytes)));
    EntryPtr before = found(*subject.tier, key);
    REQUIRE(before);
    auto newer = std::make_shared<Entry>(*before);
    newer->meta.validated_at = 1'700'000'500;
    newer->meta.expires_at = 1'700'000'560;
    newer->meta.link = "<https://x/?page=3>; rel=\"next\"";
    REQUIRE(subject.tier->update(newer));
    EntryPtr after = found(*subject.tier, key);
    REQUIRE(after);
    CHECK(after->meta.validated_at == 1'700'000'500);
    CHECK(after->meta.expires_at == 1'700'000'560);
    CHECK(after->meta.link == newer->meta.link);
    CHECK(after->meta.fetched_at == before->meta.fetched_at);
    CHECK(after->version() == before->version());
    CHECK(body_of(*after) == bytes);
  }
}

void keys_that_differ_in_any_part_are_different_entries(const MakeSubject& make) {
  Subject subject = make();
  std::vector<EntryKey> keys(6, key_of("same"));
  keys[1].space = Space::kCache;
  keys[2].partition = "other";
  keys[3].partition = "";
  keys[4].cls = "fork";
  keys[5].canonical += "?page=2";
  for (std::size_t i = 0; i < keys.size(); ++i)
    REQUIRE(subject.tier->put(entry_of(keys[i], "body " + std::to_string(i))));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EntryPtr entry = found(*subject.tier, keys[i]);
    REQUIRE(entry);
    CHECK(body_of(*entry) == "body " + std::to_string(i));
  }
  REQUIRE(subject.tier->remove(keys[0]));
  CHECK(found(*subject.tier, keys[0]) == nullptr);
  for (std::size_t i = 1; i < keys.size(); ++i) CHECK(found(*subject.tier, keys[i]) != nullptr);
}

void a_body_stays_readable_after_its_entry_is_gone(const MakeSubject& make) {
  Subject subject = make();
  for (std::size_t size : {10u, 70'000u, 300'000u}) {
    INFO("size " << size);
    EntryKey key = key_of("held" + std::to_string(size));
    std::string bytes = bytes_of_size(size, 5);
    REQUIRE(subject.tier->put(entry_of(key, bytes)));
    EntryPtr held = found(*subject.tier, key);
    REQUIRE(held);
    REQUIRE(subject.tier->put(entry_of(key, "another")));
    CHECK(body_of(*held) == bytes);
    REQUIRE(subject.tier->remove(key));
    CHECK(body_of(*held) == bytes);
  }
}

void many_threads_see_whole_entries(const MakeSubject& make) {
  Subject subject = make();
  constexpr int kThreads = 6, kRounds = 60, kKeys = 5;
  std::atomic<int> torn{0}, failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int round = 0; round < kRounds; ++round) {
        EntryKey key = key_of("shared" + std::to_string(random() % kKeys));
        if (random() % 3 == 0) {
          // One letter, repeated: any mixture of two versions shows.
          std::string bytes(1 + random() % 90'000, static_cast<char>('a' + random() % 26));
          if (!subject.tier->put(entry_of(key, bytes))) ++failures;
          continue;
        }
        auto entry = subject.tier->find(key);
        if (!entry) ++failures;
        if (!entry || !*entry) continue;
        Bytes bytes((*entry)->body->size());
        auto n = (*entry)->body->read_at(0, bytes);
        if (!n) {
          ++failures;
        } else if (*n != bytes.size() || sha256(bytes) != (*entry)->sha256) {
          ++torn;
        }
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(torn == 0);
  CHECK(failures == 0);
}

}  // namespace rfs::contract
