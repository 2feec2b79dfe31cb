#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/catch.h"
#include "tests/unit/base/scratch.h"

using namespace rfs;
using rfs::test::Scratch;

TEST_CASE("a file that is not there is a miss with a code of its own") {
  Scratch scratch;
  CHECK(read_file(scratch.path("none")).error().code == Code::kNotFound);
}

TEST_CASE("what nobody can look for is not called absent") {
  Scratch scratch;
  REQUIRE(replace_file(scratch.path("a"), "x"));
  REQUIRE(::symlink("loop", scratch.path("loop").c_str()) == 0);
  CHECK(is_there(scratch.path("a")) == true);
  CHECK(is_there(scratch.path("none")) == false);
  CHECK(is_there(scratch.path("a/below")) == false);
  CHECK_FALSE(is_there(scratch.path("loop")).has_value());
  CHECK_FALSE(is_there(scratch.path(std::string(300, 'x'))).has_value());
}

TEST_CASE("a file is read whole and not beyond the limit") {
  Scratch scratch;
  std::string content(100'000, 'x');
  REQUIRE(replace_file(scratch.path("a"), content));
  CHECK(read_file(scratch.path("a")) == content);
  CHECK(read_file(scratch.path("a"), 100'000) == content);
  CHECK(read_file(scratch.path("a"), 99'999).error().code == Code::kTooLarge);
  CHECK(read_file(scratch.path("")).error().code == Code::kIsDirectory);
}

TEST_CASE("replacing keeps nothing beside, sets the mode and leaves readers their old file") {
  Scratch scratch;
  REQUIRE(replace_file(scratch.path("a"), "old", 0644));
  Fd old(::open(scratch.path("a").c_str(), O_RDONLY));
  REQUIRE(replace_file(scratch.path("a"), "new", 0600));
  char buffer[8];
  CHECK(::read(old.get(), buffer, sizeof buffer) == 3);
  CHECK(std::string(buffer, 3) == "old");
  CHECK(read_file(scratch.path("a")) == "new");
  struct stat info {};
  REQUIRE(::stat(scratch.path("a").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK(scratch.names() == std::vector<std::string>{"a"});
}

TEST_CASE("a replacement that fails leaves what was there") {
  Scratch scratch;
  REQUIRE(::mkdir(scratch.path("a").c_str(), 0700) == 0);  // a directory cannot be renamed over by a file
  CHECK_FALSE(replace_file(scratch.path("a"), "x"));
  CHECK(scratch.names() == std::vector<std::string>{"a"});
  CHECK(replace_file(scratch.path("no/such/a"), "x").error().code == Code::kNotFound);
}

TEST_CASE("directories are made with their parents, and one that exists stays as it is") {
  Scratch scratch;
  REQUIRE(make_directories(scratch.path("a/b/c"), 0700));
  REQUIRE(::chmod(scratch.path("a/b").c_str(), 0755) == 0);
  REQUIRE(make_directories(scratch.path("a/b/"), 0700));
  struct stat info {};
  REQUIRE(::stat(scratch.path("a/b").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0755);
  REQUIRE(replace_file(scratch.path("file"), ""));
  CHECK(make_directories(scratch.path("file/x")).error().code == Code::kNotDirectory);
  CHECK(make_directories(scratch.path("file")).error().code == Code::kNotDirectory);
}

TEST_CASE("a leading ~ is the home directory, and nothing else is") {
  std::string before = std::getenv("HOME") ? std::getenv("HOME") : "";
  ::setenv("HOME", "/home/someone", 1);
  CHECK(expand_home("~") == "/home/someone");
  CHECK(expand_home("~/x") == "/home/someone/x");
  CHECK(expand_home("~other/x") == "~other/x");
  CHECK(expand_home("/a/~/b") == "/a/~/b");
  ::unsetenv("HOME");
  CHECK(expand_home("~/x").ends_with("/x"));
  CHECK(expand_home("~/x")[0] == '/');
  ::setenv("HOME", before.c_str(), 1);
}

TEST_CASE("a lock is shared by users and held by one writer") {
  Scratch scratch;
  std::string path = scratch.path("lock");
  {
    auto one = FileLock::take(path, FileLock::Kind::kShared);
    auto two = FileLock::take(path, FileLock::Kind::kShared);
    REQUIRE(one);
    REQUIRE(two);
    CHECK(FileLock::take(path, FileLock::Kind::kExclusive).error().code == Code::kBusy);
  }
  auto writer = FileLock::take(path, FileLock::Kind::kExclusive);
  REQUIRE(writer);
  CHECK(FileLock::take(path, FileLock::Kind::kShared).error().code == Code::kBusy);
}

TEST_CASE("a lock whose file is removed shuts out whoever comes after its end alone") {
  Scratch scratch;
  const std::string path = scratch.path("lock");
  auto first = FileLock::take(path, FileLock::Kind::kExclusive);
  REQUIRE(first);
  // Whoever opened the file before it was removed would hold a lock on nothing.
  const Fd early(::open(path.c_str(), O_RDWR));
  first->remove();
  CHECK(::access(path.c_str(), F_OK) != 0);
  REQUIRE(::flock(early.get(), LOCK_EX | LOCK_NB) == 0);
  auto second = FileLock::take(path, FileLock::Kind::kExclusive);
  REQUIRE(second);
  CHECK(FileLock::take(path, FileLock::Kind::kExclusive).error().code == Code::kBusy);
}

TEST_CASE("writing to a full device is an error, not a short file") {
  Fd full(::open("/dev/full", O_WRONLY));
  REQUIRE(full);
  CHECK(write_all(full.get(), view("x")).error().code == Code::kNoSpace);
}
