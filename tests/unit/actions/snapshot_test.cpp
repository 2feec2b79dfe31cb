#include "backends/actions/snapshot.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include <map>

#include "backends/actions/snapshot_place.h"
#include "backends/actions/snapshot_writer.h"
#include "backends/github/request.h"
#include "base/encode.h"
#include "base/fd.h"
#include "crypto/hash.h"
#include "tests/catch.h"

using namespace rfs;

namespace {

constexpr double kSavedAt = 1'700'000'000;

EntryPtr document(const std::string& key, std::string body) {
  auto entry = std::make_shared<Entry>();
  entry->key = {Space::kCache, "", "", key, "", key};
  entry->meta.fetched_at = entry->meta.validated_at = kSavedAt - 10;
  entry->meta.expires_at = kSavedAt + 100;
  entry->meta.proof = Proof::kLocal;
  entry->meta.provenance = "{}";
  entry->sha256 = sha256(view(body));
  entry->body = std::make_shared<MemoryBody>(std::move(body));
  return entry;
}

std::string quoted(std::size_t size, char fill) { return "\"" + std::string(size, fill) + "\""; }

struct Made {
  Fd file{::memfd_create("snapshot", MFD_CLOEXEC)};
  SnapshotHead head{false, "1001", "default", {}};
  SecretBytes key = snapshot_key(view("a secret of the tests"));

  Bytes write(const std::vector<EntryPtr>& entries, bool sealed) {
    auto writer = SnapshotWriter::start(file.get(), head, sealed ? &key : nullptr);
    REQUIRE(writer);
    for (const EntryPtr& entry : entries) REQUIRE(writer->add(*entry));
    const auto size = writer->finish(kSavedAt);
    REQUIRE(size);
    Bytes out(*size);
    REQUIRE(::pread(file.get(), out.data(), out.size(), 0) == static_cast<ssize_t>(out.size()));
    return out;
  }
};

ByteSource from(const Bytes& bytes) {
  return [&bytes, at = std::size_t{0}](MutableBytes out) mutable -> Result<std::size_t> {
    const std::size_t n = std::min(out.size(), bytes.size() - at);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
    at += n;
    return n;
  };
}

// The keys that come out, and how it ends.
std::pair<std::vector<std::string>, std::optional<Code>> read(const Bytes& bytes, const SecretBytes* key) {
  std::vector<std::string> keys;
  auto reader = SnapshotReader::open(from(bytes), 100u << 20);
  if (!reader) return {keys, reader.error().code};
  if (auto begun = reader->begin(key); !begun) return {keys, begun.error().code};
  while (true) {
    auto entry = reader->next();
    if (!entry) return {keys, entry.error().code};
    if (!*entry) return {keys, std::nullopt};
    keys.push_back((**entry)->key.canonical);
  }
}

class MapStore final : public DiskTier {
 public:
  std::map<std::string, EntryPtr> held;
  Result<EntryPtr> find(const EntryKey& key) override {
    const auto at = held.find(key.canonical);
    return at == held.end() ? nullptr : at->second;
  }
  Result<> put(const EntryPtr& entry) override {
    held[entry->key.canonical] = entry;
    return {};
  }
  Result<> update(const EntryPtr& entry) override { return put(entry); }
  Result<> remove(const EntryKey&) override { return {}; }
  Result<> put_now(const EntryPtr& entry, bool) override { return put(entry); }
  Result<> flush(bool) override { return {}; }
  Result<std::vector<Listed>> list(Space, const std::string&, const std::string&, const std::string&) override {
    return std::vector<Listed>();
  }
  Result<> each(Space space, const std::string*, const std::function<bool(const Entry&)>& visit) override {
    for (const auto& [key, entry] : held)
      if (entry->key.space == space && !visit(*entry)) return {};
    return {};
  }
};

bool go_on(std::uint64_t, std::uint64_t) { return true; }

}  // namespace

TEST_CASE("what is written is read again, sealed or not, over parts and chunks") {
  const std::vector<EntryPtr> entries{document("a", quoted(65'534 - 2, 'x')), document("b", "1"), document("c", quoted(9u << 20, 'y')),
                                      document("d", quoted(200'000, 'z')), document("e", "\"\"")};
  for (const bool sealed : {true, false}) {
    Made made;
    const Bytes bytes = made.write(entries, sealed);
    auto reader = SnapshotReader::open(from(bytes), 100u << 20);
    REQUIRE(reader);
    CHECK(reader->head().sealed == sealed);
    CHECK(reader->head().repository == "1001");
    REQUIRE(reader->begin(sealed ? &made.key : nullptr));
    CHECK(reader->created() == kSavedAt);
    for (const EntryPtr& entry : entries) {
      const auto next = reader->next();
      REQUIRE(next);
      REQUIRE(*next);
      CHECK((**next)->key.canonical == entry->key.canonical);
      CHECK((**next)->body->in_memory() == entry->body->in_memory());
      CHECK((**next)->meta.expires_at == entry->meta.expires_at);
    }
    const auto end = reader->next();
    REQUIRE(end);
    CHECK_FALSE(*end);
    // zstd takes the file for what it says it is.
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t frame = ZSTD_findFrameCompressedSize(bytes.data() + at, bytes.size() - at);
      REQUIRE_FALSE(ZSTD_isError(frame));
      at += frame;
    }
  }
}

TEST_CASE("no partition and no body in clear leaves in a sealed one") {
  auto entry = std::make_shared<Entry>(*document("list_repos:canary", "\"CANARY of the body\""));
  entry->key.partition = "partition-canary";
  Made made;
  const Bytes bytes = made.write({entry}, true);
  CHECK(text(bytes).find("anary") == std::string_view::npos);
  CHECK(text(bytes).find("CANARY") == std::string_view::npos);
  Made open;
  CHECK(text(open.write({entry}, false)).find("partition-canary") == std::string_view::npos);
}

TEST_CASE("a changed, cut, moved or foreign snapshot is refused, and nothing past the change comes out") {
  Made made;
  std::vector<EntryPtr> entries;
  for (int i = 0; i < 3; ++i) entries.push_back(document("k" + std::to_string(i), quoted(8u << 20, static_cast<char>('a' + i))));
  const Bytes good = made.write(entries, true);
  CHECK(read(good, &made.key) == std::pair(std::vector<std::string>{"k0", "k1", "k2"}, std::optional<Code>()));

  SECTION("every cut") {
    for (std::size_t size = 0; size < good.size(); size += 1 + good.size() / 300) {
      const auto [keys, code] = read(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)), &made.key);
      CHECK(code);
      CHECK(keys.size() < 3);
    }
  }
  SECTION("every changed byte") {
    for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 500) {
      Bytes bad = good;
      bad[at] ^= 1;
      const auto [keys, code] = read(bad, &made.key);
      CHECK(code);
      for (std::size_t i = 0; i < keys.size(); ++i) CHECK(keys[i] == "k" + std::to_string(i));
    }
  }
  SECTION("another key, repository, class, id") {
    const SecretBytes other = snapshot_key(view("another secret of the tests"));
    CHECK(read(good, &other).second == Code::kTampered);
    CHECK(read(good, nullptr).second == Code::kNoKey);
    for (auto change : {+[](SnapshotHead& head) { head.repository = "1002"; }, +[](SnapshotHead& head) { head.cls = "local"; },
                        +[](SnapshotHead& head) { head.id[3] = 7; }}) {
      SnapshotHead head = made.head;
      head.sealed = true;
      const std::size_t before = skippable(FrameKind::kHead, encode_head(head)).size();
      change(head);
      Bytes moved = skippable(FrameKind::kHead, encode_head(head));
      append(moved, BytesView(good).subspan(before));
      CHECK(read(moved, &made.key).second == Code::kTampered);
    }
  }
  SECTION("it was never finished") {
    Made cut;
    auto writer = SnapshotWriter::start(cut.file.get(), cut.head, &cut.key);
    REQUIRE(writer);
    REQUIRE(writer->add(*entries[0]));
    Bytes half(1u << 16);
    const ssize_t n = ::pread(cut.file.get(), half.data(), half.size(), 0);
    REQUIRE(n > 0);
    half.resize(static_cast<std::size_t>(n));
    CHECK(read(half, &cut.key).second == Code::kTampered);
  }
}

TEST_CASE("lengths in a file that is not sealed cost no memory and no crash") {
  Made made;
  const Bytes good = made.write({document("a", quoted(100'000, 'x')), document("b", "1")}, false);
  for (std::size_t at = 0; at < good.size(); ++at)
    for (const std::uint8_t value : {std::uint8_t{0xff}, std::uint8_t{0}, static_cast<std::uint8_t>(good[at] ^ 1)}) {
      Bytes bad = good;
      bad[at] = value;
      (void)read(bad, nullptr);
    }
  CHECK(read(good, nullptr).first.size() == 2);
}

TEST_CASE("an old format, and what is none, are told apart") {
  SnapshotHead head;
  Bytes bytes = encode_head(head);
  bytes[4] = 9;
  CHECK(decode_head(bytes).error().code == Code::kUnsupported);
  CHECK(read(Bytes(), nullptr).second == Code::kInvalid);
  CHECK(read(Bytes(100), nullptr).second == Code::kInvalid);
}

TEST_CASE("a store's entries come to another store: once, and only where they are newer") {
  MapStore from_store, to_store;
  for (const EntryPtr& entry : {document("new", "1"), document("same", "2"), document("older", "3")})
    (void)from_store.put(entry);
  auto expired = std::make_shared<Entry>(*document("expired", "4"));
  expired->meta.expires_at = kSavedAt - 1;
  (void)from_store.put(expired);
  (void)from_store.put(document("token", "\"ghs_0123456789012345678901234567890\""));
  (void)to_store.put(from_store.held["same"]);
  auto newer = std::make_shared<Entry>(*document("older", "5"));
  newer->meta.fetched_at = kSavedAt;
  (void)to_store.put(newer);

  Made made;
  made.head.sealed = true;
  const Routes routes;
  TravelRules rules;
  rules.sealed = true;
  rules.now = kSavedAt;
  Travel travel(rules, routes);
  const auto saved = save_snapshot(store_source(from_store), travel, made.file.get(), made.head, &made.key, kSavedAt, go_on);
  REQUIRE(saved);
  CHECK(saved->entries == 3);
  CHECK(saved->withheld == 1);
  auto reader = SnapshotReader::open(bytes_of_file(made.file.get()), 1u << 20);
  REQUIRE(reader);
  REQUIRE(reader->begin(&made.key));
  const auto restored = restore_snapshot(*reader, true, to_store, nullptr, kSavedAt, go_on);
  REQUIRE(restored);
  CHECK(restored->entries == 1);
  CHECK(restored->kept == 2);
  CHECK_FALSE(restored->ended);
  CHECK(restored->fingerprint == saved->fingerprint);
  CHECK(to_store.held["new"]->meta.proof == Proof::kSharedSecret);
  CHECK(to_store.held["older"]->body->in_memory() == "5");
}

TEST_CASE("a document over the limit ends the restore, and is not read into memory") {
  Made made;
  const Bytes bytes = made.write({document("a", "1"), document("b", quoted(3u << 20, 'x'))}, true);
  auto reader = SnapshotReader::open(from(bytes), 1u << 20);
  REQUIRE(reader);
  REQUIRE(reader->begin(&made.key));
  REQUIRE(reader->next());
  CHECK(reader->next().error().code == Code::kTampered);
}

TEST_CASE("names of snapshots") {
  const SnapshotName name{true, branch_word("1001", "refs/heads/main"), 1'700'000'000, "0123abcd"};
  const std::string text = snapshot_name(name);
  CHECK(text == "runnerfs-snapshot-1-sealed-" + name.branch + "-1700000000-0123abcd");
  const auto parsed = parse_snapshot_name(text);
  REQUIRE(parsed);
  CHECK((parsed->sealed && parsed->branch == name.branch && parsed->created == name.created && parsed->random == name.random));
  CHECK(branch_word("1001", "refs/heads/main") != branch_word("1002", "refs/heads/main"));
  for (const char* bad : {"", "runnerfs-snapshot-1-", "runnerfs-snapshot-2-sealed-0123456789ab-1700000000-0123abcd",
                          "runnerfs-snapshot-1-other-0123456789ab-1700000000-0123abcd",
                          "runnerfs-snapshot-1-sealed-0123456789AB-1700000000-0123abcd",
                          "runnerfs-snapshot-1-sealed-0123456789ab-170000000-0123abcd",
                          "runnerfs-snapshot-1-sealed-0123456789ab-1700000000-0123abcde",
                          "runnerfs-snapshot-1-sealed-0123456789ab-1700000000-0123/../"})
    CHECK_FALSE(parse_snapshot_name(bad));
}

TEST_CASE("the keys of snapshots: vectors") {
  const SecretBytes key = snapshot_key(view("fleet"));
  CHECK(hex(key.reveal()) == "eb7382eadc0582ec95e6e79ccbcf8e96c099a5c2a7822c1e813744af4835d9c6");
  CHECK(hex(snapshot_record_key(key, "1296269").reveal()) == "23a073caf09a38637df0539544adf06510cb0fe52bd2a91cf448c02fcdd5822c");
}
