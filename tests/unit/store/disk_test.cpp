// A full disk and a read-only one: what can be read is read, what cannot be written is said.
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/catch.h"
#include "tests/contract/tier_contract.h"
#include "tests/unit/store/world.h"

using namespace rfs;
using namespace rfs::contract;
using namespace rfs::test;

namespace {

// A tmpfs of its own; not mounted (and why) where the user may not mount.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& size) {
    mounted_ =
        ::mount("runnerfs-test", temp_.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, ("size=" + size).c_str()) == 0;
    if (!mounted_) WARN("SKIP: no tmpfs can be mounted here: " << std::strerror(errno));
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(temp_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string store() const { return temp_.path() + "/store"; }
  void make_read_only() {
    REQUIRE(::mount(nullptr, temp_.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  }
  std::string filler() const { return temp_.path() + "/filler"; }
  void fill() {
    std::ofstream out(filler(), std::ios::binary);
    std::string block(4096, 'x');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())) && out.flush()) {
    }
  }

 private:
  TempDir temp_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("on a full disk what is stored is read, and writes fail until there is room") {
  SmallDisk disk("8m");
  if (!disk.mounted()) return;
  World world(disk.store());
  auto store = world.open();
  REQUIRE(store->put_now(entry_of(key_of("before"), bytes_of_size(50'000, 1)), false));
  CHECK(store->trouble().empty());
  disk.fill();
  std::size_t size = GENERATE(100'000u, 1'000'000u);
  Result<> put;
  // The -wal may have some room left in it.
  for (unsigned i = 0; i < 64 && put; ++i)
    put = store->put_now(entry_of(key_of("during" + std::to_string(i)), bytes_of_size(size, i)), false);
  REQUIRE_FALSE(put);
  CHECK(put.error().code == Code::kNoSpace);
  CHECK_FALSE(put.error().hint.empty());
  CHECK_FALSE(store->trouble().empty());
  CHECK(world.counters.get(Counter::kStoreErrors) >= 1);
  CHECK(world.errors.jsonl().find("ENOSPC") != std::string::npos);
  CHECK_FALSE(store->put(entry_of(key_of("queued"), bytes_of_size(size, 5))));
  CHECK_FALSE(store->flush(false));
  CHECK(body_of(*store->find(key_of("before")).value()) == bytes_of_size(50'000, 1));

  std::filesystem::remove(disk.filler());
  REQUIRE(store->put_now(entry_of(key_of("after"), bytes_of_size(size, 2)), false));
  CHECK(store->trouble().empty());
  CHECK(store->check(true).value().empty());
  store.reset();
  store = world.open();
  CHECK(world.notice.empty());
  CHECK(body_of(*store->find(key_of("before")).value()) == bytes_of_size(50'000, 1));
  CHECK(body_of(*store->find(key_of("after")).value()) == bytes_of_size(size, 2));
}

TEST_CASE("a store that cannot be made on a full disk is an error that says so") {
  SmallDisk disk("1m");
  if (!disk.mounted()) return;
  disk.fill();
  World world(disk.store());
  auto store = world.try_open(root_of());
  REQUIRE_FALSE(store);
  CHECK(store.error().code == Code::kNoSpace);
}

TEST_CASE("a store on a read-only file system is read, and writes are refused") {
  SmallDisk disk("8m");
  if (!disk.mounted()) return;
  World world(disk.store());
  {
    auto store = world.open();
    for (std::size_t size : {100u, 50'000u, 400'000u})
      REQUIRE(store->put(entry_of(key_of("r" + std::to_string(size)), bytes_of_size(size, 1))));
  }
  disk.make_read_only();
  auto store = world.open();
  CHECK(store->usage().read_only);
  CHECK(store->usage().entries == 3);
  for (std::size_t size : {100u, 50'000u, 400'000u})
    CHECK(body_of(*store->find(key_of("r" + std::to_string(size))).value()) == bytes_of_size(size, 1));
  CHECK(store->list(Space::kApi, "p", "", "repos/octo/hello").value().size() == 3);
  CHECK(store->put(entry_of(key_of("new"), "x")).error().code == Code::kReadOnly);
  CHECK(store->put_now(entry_of(key_of("new"), "x"), false).error().code == Code::kReadOnly);
  CHECK(store->remove(key_of("r100")).error().code == Code::kReadOnly);
  CHECK(store->flush(true));
  CHECK_FALSE(store->changed_by_others());
  CHECK(store->check(true).value().empty());
}

TEST_CASE("a read-only file system without a store is an error") {
  SmallDisk disk("1m");
  if (!disk.mounted()) return;
  SECTION("no directory") {}
  SECTION("an empty one") { std::filesystem::create_directory(disk.store()); }
  disk.make_read_only();
  World world(disk.store());
  auto store = world.try_open(root_of());
  REQUIRE_FALSE(store);
  CHECK(store.error().code == Code::kReadOnly);
}

TEST_CASE("a directory that is a file is an error") {
  World world;
  write_file(world.directory, "");
  auto store = world.try_open(root_of());
  REQUIRE_FALSE(store);
  CHECK(store.error().code == Code::kNotDirectory);
}

TEST_CASE("a directory without the right to write is read") {
  if (::geteuid() == 0) {
    WARN("SKIP: root may write everywhere");
    return;
  }
  World world;
  REQUIRE(world.open()->put_now(entry_of(key_of("a"), "x"), false));
  std::filesystem::permissions(world.directory, std::filesystem::perms(0500));
  auto store = world.try_open(root_of());
  std::filesystem::permissions(world.directory, std::filesystem::perms(0700));
  REQUIRE(store);
  CHECK((*store)->usage().read_only);
  CHECK(body_of(*(*store)->find(key_of("a")).value()) == "x");
}
