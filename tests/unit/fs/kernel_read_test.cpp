// Reading through a real mount.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "base/handle.h"
#include "fs/kernel/node_table.h"
#include "kernel_mount.h"

using namespace rfs;
using namespace rfs::testing;

namespace {

using Dir = rfs::Handle<DIR, closedir>;

std::vector<std::string> names(const std::string& path) {
  std::vector<std::string> found;
  Dir open(::opendir(path.c_str()));
  REQUIRE(open);
  while (const dirent* entry = ::readdir(open.get()))
    if (entry->d_name[0] != '.') found.emplace_back(entry->d_name);
  std::sort(found.begin(), found.end());
  return found;
}

// Version n of a file: its number, over and over, with a length of its own.
std::string numbered(unsigned n) {
  std::string word = std::to_string(n) + "\n", content;
  std::size_t size = 1000 + n * 7919 % 60'000;
  while (content.size() + word.size() <= size) content += word;
  return content;
}

bool whole_version(const std::string& content) {
  return content == numbered(static_cast<unsigned>(std::strtoul(content.c_str(), nullptr, 10)));
}

}  // namespace

TEST_CASE("a held file has its exact size, its bytes and an inode number of its path") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", std::string(10'000, 'a'));
  CHECK(size_of(m.at("ro/x")) == 10'000);
  auto read = read_whole(m.at("ro/x"));
  CHECK(read.size == 10'000);
  CHECK(read.content == std::string(10'000, 'a'));
  struct stat attributes;
  REQUIRE(::stat(m.at("ro/x").c_str(), &attributes) == 0);
  CHECK(attributes.st_ino == path_inode("ro/x"));
  CHECK((attributes.st_mode & 07777) == 0444);
  CHECK(attributes.st_uid == ::getuid());
  CHECK(m.counters.get(Counter::kOpens) == 1);
  CHECK(m.counters.get(Counter::kLookups) > 0);
}

TEST_CASE("an unbound file has its exact size after stat, and after open") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.offer("ro/stat", "12345");
  m.tree.offer("ro/open", "1234567");
  CHECK(size_of(m.at("ro/stat")) == 5);
  CHECK(size_of(m.at("ro/stat")) == 5);
  CHECK(m.tree.count("bind ro/stat") == 1);
  auto read = read_whole(m.at("ro/open"));
  CHECK(read.size == 7);
  CHECK(read.content == "1234567");
  CHECK(m.tree.count("bind ro/open") + m.tree.count("open ro/open") <= 2);
  CHECK(size_of(m.at("ro/absent")) == -ENOENT);
}

TEST_CASE("walking the tree binds and opens nothing, and does not list what is unbound") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  for (int i = 0; i < 300; ++i) m.tree.put("ro/held" + std::to_string(i), "content");
  m.tree.offer("ro/unbound", "content");
  auto listed = names(m.at("ro"));
  CHECK(listed.size() == 300);
  CHECK(std::find(listed.begin(), listed.end(), "unbound") == listed.end());
  CHECK(run({"find", m.scratch.path, "-size", "+1"}) == 0);
  CHECK(run({"ls", "-lR", m.scratch.path}) == 0);
  CHECK(run({"du", "-a", m.scratch.path}) == 0);
  CHECK(m.tree.count("binds") == 0);
  CHECK(m.tree.count("opens") == 0);
}

TEST_CASE("rewinding a directory lists it anew") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/a", "a");
  Dir open(::opendir(m.at("ro").c_str()));
  REQUIRE(open);
  while (::readdir(open.get())) {
  }
  m.tree.put("ro/b", "b");
  ::rewinddir(open.get());
  int entries = 0;
  while (::readdir(open.get())) ++entries;
  CHECK(entries == 4);
}

TEST_CASE("a version that changed between two opens is read whole, with its size; the old descriptor keeps the old one") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", std::string(20'000, 'a'));
  Fd old(::open(m.at("ro/x").c_str(), O_RDONLY));
  REQUIRE(old);
  CHECK(read_fd(old.get()) == std::string(20'000, 'a'));
  struct stat before, after;
  REQUIRE(::stat(m.at("ro/x").c_str(), &before) == 0);

  m.tree.offer("ro/x", std::string(300, 'b'));
  auto fresh = read_whole(m.at("ro/x"));  // ESTALE, seen by the kernel alone
  CHECK(fresh.error == 0);
  CHECK(fresh.size == 300);
  CHECK(fresh.content == std::string(300, 'b'));
  CHECK(m.counters.get(Counter::kStaleNodes) == 1);
  REQUIRE(::stat(m.at("ro/x").c_str(), &after) == 0);
  CHECK(after.st_size == 300);
  CHECK(after.st_ino == before.st_ino);

  CHECK(read_fd(old.get()) == std::string(20'000, 'a'));
  REQUIRE(::fstat(old.get(), &after) == 0);
  CHECK(after.st_size == 20'000);

  m.tree.offer("ro/x", std::string(40'000, 'c'));
  CHECK(run({"sh", "-c", "test $(cat " + m.at("ro/x") + " | wc -c) = 40000"}) == 0);
}

TEST_CASE("a version that is gone at open is ENOENT, and its name goes") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", "content");
  CHECK(size_of(m.at("ro/x")) == 7);
  m.tree.withdraw("ro/x");
  CHECK(read_whole(m.at("ro/x")).error == ENOENT);
  CHECK(open_error(m.at("ro/x"), O_RDONLY) == ENOENT);
}

TEST_CASE("each failure of an open has its errno, and the next open may succeed") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", "content");
  for (auto [code, number] : std::vector<std::pair<Code, int>>{
           {Code::kLimited, EAGAIN}, {Code::kDenied, EACCES}, {Code::kUnreachable, EHOSTUNREACH}, {Code::kTooLarge, EFBIG}}) {
    m.tree.fail_next("ro/x", code);
    CHECK(open_error(m.at("ro/x"), O_RDONLY) == number);
    CHECK(read_whole(m.at("ro/x")).content == "content");
  }
}

TEST_CASE("readers that race with new versions never see a torn one") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", numbered(0));
  constexpr int kReaders = 8, kReads = 400;
  std::atomic<int> torn{0}, failed{0}, wrong_size{0}, running{kReaders};
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i)
    readers.emplace_back([&] {
      for (int n = 0; n < kReads; ++n) {
        auto read = read_whole(m.at("ro/x"));
        if (read.error != 0) {
          ++failed;
        } else {
          torn += !whole_version(read.content);
          wrong_size += read.size != static_cast<off_t>(read.content.size());
        }
      }
      --running;
    });
  unsigned version = 0;
  for (; running > 0; ++version) {
    m.tree.offer("ro/x", numbered(version));
    std::this_thread::yield();
  }
  for (auto& reader : readers) reader.join();
  CHECK(version > 10);
  CHECK(torn == 0);
  CHECK(failed == 0);
  CHECK(wrong_size == 0);
}

TEST_CASE("a direct file is made anew at each open and never kept by the kernel") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put_direct("ro/x", "first");
  CHECK(read_whole(m.at("ro/x")).content == "first");
  m.tree.put_direct("ro/x", "the second one");
  CHECK(read_whole(m.at("ro/x")).content == "the second one");
  CHECK(m.counters.get(Counter::kStaleNodes) == 0);
}

TEST_CASE("extended attributes are probed, read and listed; names of the system are refused without a question") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("rw/x", "content");
  std::string path = m.at("rw/x");
  REQUIRE(::setxattr(path.c_str(), "user.ttl", "60", 2, 0) == 0);
  char value[16];
  CHECK(::getxattr(path.c_str(), "user.ttl", nullptr, 0) == 2);
  CHECK(::getxattr(path.c_str(), "user.ttl", value, sizeof value) == 2);
  CHECK((::getxattr(path.c_str(), "user.ttl", value, 1) == -1 && errno == ERANGE));
  CHECK((::getxattr(path.c_str(), "user.other", value, sizeof value) == -1 && errno == ENODATA));
  CHECK(::listxattr(path.c_str(), nullptr, 0) == 9);
  REQUIRE(::listxattr(path.c_str(), value, sizeof value) == 9);
  CHECK(std::string(value) == "user.ttl");
  int asked = m.tree.count("xattrs");
  CHECK((::getxattr(path.c_str(), "security.selinux", value, sizeof value) == -1 && errno == ENOTSUP));
  CHECK((::getxattr(path.c_str(), "system.posix_acl_access", value, sizeof value) == -1 && errno == ENOTSUP));
  CHECK(m.tree.count("xattrs") == asked);
  m.tree.put("ro/x", "content");
  CHECK((::setxattr(m.at("ro/x").c_str(), "user.ttl", "60", 2, 0) == -1 && errno == EROFS));
}

TEST_CASE("statfs answers, a name may have 255 bytes") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  struct statvfs numbers;
  REQUIRE(::statvfs(m.scratch.path.c_str(), &numbers) == 0);
  CHECK(numbers.f_namemax == 255);
  CHECK(numbers.f_bavail > 0);
  CHECK(open_error(m.at("ro/" + std::string(256, 'n')), O_RDONLY) == ENAMETOOLONG);
}

TEST_CASE("what the kernel forgets leaves the table") {
  RFS_NEEDS_MOUNT();
  RFS_SKIP_UNLESS(::getuid() == 0, "only root drops caches");
  Mounted m;
  for (int i = 0; i < 200; ++i) m.tree.put("ro/" + std::to_string(i), "content");
  CHECK(run({"ls", "-lR", m.scratch.path}) == 0);
  for (int i = 0; i < 50; ++i) read_whole(m.at("ro/" + std::to_string(i)));
  m.tree.put("rw/x", "content");
  CHECK(write_whole(m.at("rw/x"), O_WRONLY | O_TRUNC, "other") == 0);
  CHECK(m.session->nodes() >= 200);
  // It takes a few rounds: names first, then what they named.
  CHECK(eventually([&] {
    return run({"sh", "-c", "echo 2 > /proc/sys/vm/drop_caches"}) == 0 && m.session->nodes() == 0;
  }));
}

TEST_CASE("a name that the daemon drops is looked up again") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", "1");
  CHECK(size_of(m.at("ro/x")) == 1);
  m.tree.put("ro/x", "22");
  m.session->forget_name("ro/x");
  CHECK(eventually([&] { return size_of(m.at("ro/x")) == 2; }));
}
