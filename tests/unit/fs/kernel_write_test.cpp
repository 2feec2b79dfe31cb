// Writing through a real mount.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "kernel_mount.h"

using namespace rfs;
using namespace rfs::testing;

namespace {

int sh(const std::string& script) { return run({"sh", "-c", script}); }

}  // namespace

TEST_CASE("a new file is there after close, for everybody, with its size") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  CHECK(size_of(m.at("rw/x")) == -ENOENT);
  CHECK(write_whole(m.at("rw/x"), O_WRONLY | O_CREAT | O_EXCL, "hello") == 0);
  CHECK(m.tree.content("rw/x") == "hello");
  CHECK(size_of(m.at("rw/x")) == 5);
  CHECK(read_whole(m.at("rw/x")).content == "hello");
  CHECK(write_whole(m.at("rw/x"), O_WRONLY | O_CREAT | O_EXCL, "again") == EEXIST);
}

TEST_CASE("an overwritten file is seen whole at the close; who has the old one open keeps it") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("rw/x", std::string(10'000, 'a'));
  Fd old(::open(m.at("rw/x").c_str(), O_RDONLY));
  CHECK(read_fd(old.get()) == std::string(10'000, 'a'));
  {
    Fd writing(::open(m.at("rw/x").c_str(), O_WRONLY | O_TRUNC));
    REQUIRE(writing);
    CHECK(::write(writing.get(), "new", 3) == 3);
    CHECK(read_whole(m.at("rw/x")).content == std::string(10'000, 'a'));  // not closed yet
    struct stat attributes;
    REQUIRE(::fstat(writing.get(), &attributes) == 0);
    CHECK(attributes.st_size == 3);
  }
  CHECK(size_of(m.at("rw/x")) == 3);
  CHECK(read_whole(m.at("rw/x")).content == "new");
  CHECK(read_fd(old.get()) == std::string(10'000, 'a'));
}

TEST_CASE("appending, writing in the middle and truncating keep the rest") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("rw/x", "0123456789");
  CHECK(write_whole(m.at("rw/x"), O_WRONLY | O_APPEND, "abc") == 0);
  CHECK(m.tree.content("rw/x") == "0123456789abc");
  {
    Fd fd(::open(m.at("rw/x").c_str(), O_RDWR));
    CHECK(::pwrite(fd.get(), "XY", 2, 4) == 2);
    CHECK(read_fd(fd.get()) == "0123XY6789abc");
  }
  CHECK(m.tree.content("rw/x") == "0123XY6789abc");
  {
    Fd fd(::open(m.at("rw/x").c_str(), O_WRONLY));
    CHECK(::ftruncate(fd.get(), 4) == 0);
  }
  CHECK(m.tree.content("rw/x") == "0123");
  CHECK(::truncate(m.at("rw/x").c_str(), 2) == 0);
  CHECK(m.tree.content("rw/x") == "01");
  CHECK(size_of(m.at("rw/x")) == 2);
  std::string large(3'000'000, 'l');
  CHECK(write_whole(m.at("rw/x"), O_WRONLY | O_TRUNC, large) == 0);
  CHECK(m.tree.content("rw/x") == large);
}

TEST_CASE("a shell's redirections store once, and what it only emptied too") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  CHECK(sh("echo one > " + m.at("rw/x")) == 0);
  CHECK(m.tree.content("rw/x") == "one\n");
  CHECK(m.tree.count("commits") == 1);
  CHECK(sh("echo two >> " + m.at("rw/x")) == 0);
  CHECK(m.tree.content("rw/x") == "one\ntwo\n");
  CHECK(sh("(echo three; /bin/echo four) > " + m.at("rw/x")) == 0);
  CHECK(eventually([&] { return m.tree.content("rw/x") == "three\nfour\n"; }));
  int before = m.tree.count("commits");
  CHECK(sh(": > " + m.at("rw/x")) == 0);
  CHECK(eventually([&] { return m.tree.count("commits") == before + 1; }));
  CHECK(sh("cp " + m.at("rw/x") + " " + m.at("rw/copy") + " && cp -p " + m.at("rw/copy") + " " + m.at("rw/x")) == 0);
  CHECK(m.tree.content("rw/copy") == "three\nfour\n");
}

TEST_CASE("content that is refused is EINVAL at close and at fsync, and changes nothing") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("rw/x", "good");
  CHECK(write_whole(m.at("rw/x"), O_WRONLY | O_TRUNC, "bad") == EINVAL);
  CHECK(read_whole(m.at("rw/x")).content == "good");
  CHECK(write_whole(m.at("rw/new"), O_WRONLY | O_CREAT, "bad") == EINVAL);
  CHECK(eventually([&] { return size_of(m.at("rw/new")) == -ENOENT; }));
  Fd fd(::open(m.at("rw/x").c_str(), O_WRONLY | O_TRUNC));
  CHECK(::write(fd.get(), "bad", 3) == 3);
  CHECK((::fsync(fd.get()) == -1 && errno == EINVAL));
  CHECK(::pwrite(fd.get(), "fine", 4, 0) == 4);
  CHECK(::fsync(fd.get()) == 0);
  CHECK(m.tree.content("rw/x") == "fine");
}

TEST_CASE("a file is there for everybody while it is being created") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  Fd fd(::open(m.at("rw/x").c_str(), O_WRONLY | O_CREAT, 0644));
  REQUIRE(fd);
  CHECK(::write(fd.get(), "12", 2) == 2);
  CHECK(run({"stat", m.at("rw/x")}) == 0);
  CHECK(size_of(m.at("rw/x")) == 2);
}

TEST_CASE("a writer waits for a slow commit, and nobody else does") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("ro/x", "content");
  m.tree.put("rw/x", "old");
  m.tree.hold_commits(true);
  int result = -1;
  std::thread writer([&] { result = write_whole(m.at("rw/x"), O_WRONLY | O_TRUNC, "new"); });
  REQUIRE(m.tree.wait_held(1));
  CHECK(read_whole(m.at("ro/x")).content == "content");
  CHECK(read_whole(m.at("rw/x")).content == "old");
  m.tree.release();
  writer.join();
  CHECK(result == 0);
  CHECK(read_whole(m.at("rw/x")).content == "new");
}

TEST_CASE("a removed file is gone; who has it open keeps it, and one being written does not come back") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("rw/x", "content");
  Fd open(::open(m.at("rw/x").c_str(), O_RDONLY));
  CHECK(::unlink(m.at("rw/x").c_str()) == 0);
  CHECK(size_of(m.at("rw/x")) == -ENOENT);
  CHECK(read_fd(open.get()) == "content");
  {
    Fd writing(::open(m.at("rw/x").c_str(), O_WRONLY | O_CREAT, 0644));
    CHECK(::write(writing.get(), "x", 1) == 1);
    CHECK(::unlink(m.at("rw/x").c_str()) == 0);
  }
  CHECK(size_of(m.at("rw/x")) == -ENOENT);
  CHECK(m.tree.content("rw/x") == "(absent)");
}

TEST_CASE("touch and chmod of an existing file change nothing and succeed; a new owner is refused") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("rw/x", "content");
  CHECK(run({"touch", m.at("rw/x")}) == 0);
  CHECK(::chmod(m.at("rw/x").c_str(), 0600) == 0);
  CHECK(m.tree.count("commits") == 0);
  CHECK(read_whole(m.at("rw/x")).content == "content");
  if (::getuid() == 0) CHECK((::chown(m.at("rw/x").c_str(), 1234, 1234) == -1 && errno == EPERM));
}

TEST_CASE("whatever writes to the read-only part is EROFS") {
  RFS_NEEDS_MOUNT();
  RFS_SKIP_UNLESS(::getuid() == 0, "to others than root the kernel says EACCES by the modes");
  Mounted m;
  m.tree.put("ro/x", "content");
  std::string file = m.at("ro/x"), fresh = m.at("ro/new");
  auto refused = [](int result) { return result == -1 ? errno : 0; };
  CHECK(open_error(file, O_WRONLY) == EROFS);
  CHECK(open_error(file, O_RDWR | O_TRUNC) == EROFS);
  CHECK(open_error(fresh, O_WRONLY | O_CREAT) == EROFS);
  CHECK(refused(::unlink(file.c_str())) == EROFS);
  CHECK(refused(::mkdir(fresh.c_str(), 0700)) == EROFS);
  CHECK(refused(::rmdir(m.at("ro/dir").c_str())) == EROFS);
  CHECK(refused(::rename(file.c_str(), fresh.c_str())) == EROFS);
  CHECK(refused(::symlink("a", fresh.c_str())) == EROFS);
  CHECK(refused(::link(file.c_str(), fresh.c_str())) == EROFS);
  CHECK(refused(::mknod(fresh.c_str(), S_IFIFO | 0600, 0)) == EROFS);
  CHECK(refused(::chmod(file.c_str(), 0600)) == EROFS);
  CHECK(refused(::truncate(file.c_str(), 0)) == EROFS);
  CHECK(refused(::utimensat(AT_FDCWD, file.c_str(), nullptr, 0)) == EROFS);
  CHECK(read_whole(file).content == "content");
}

TEST_CASE("what no part of the tree can do has its errno: mv then copies") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("rw/x", "content");
  CHECK((::rename(m.at("rw/x").c_str(), m.at("rw/y").c_str()) == -1 && errno == EXDEV));
  CHECK((::symlink("a", m.at("rw/y").c_str()) == -1 && errno == EPERM));
  CHECK((::rmdir(m.at("rw/dir").c_str()) == -1 && errno == EPERM));
  CHECK(run({"mv", m.at("rw/x"), m.at("rw/y")}) == 0);
  CHECK(m.tree.content("rw/y") == "content");
  CHECK(size_of(m.at("rw/x")) == -ENOENT);
}

TEST_CASE("-o ro makes everything read-only") {
  RFS_NEEDS_MOUNT();
  MountOptions options;
  options.read_only = true;
  Mounted m(options);
  m.tree.put("rw/x", "content");
  CHECK(open_error(m.at("rw/x"), O_WRONLY) == EROFS);
  CHECK(open_error(m.at("rw/new"), O_WRONLY | O_CREAT) == EROFS);
  CHECK((::unlink(m.at("rw/x").c_str()) == -1 && errno == EROFS));
  CHECK(read_whole(m.at("rw/x")).content == "content");
}

TEST_CASE("what went away since the kernel looked is created anew, or is not there") {
  RFS_NEEDS_MOUNT();
  Mounted m;
  m.tree.put("rw/x", "old");
  CHECK(size_of(m.at("rw/x")) == 3);
  REQUIRE(m.tree.remove("rw/x", {}));
  CHECK(write_whole(m.at("rw/x"), O_WRONLY | O_CREAT | O_TRUNC, "new") == 0);
  CHECK(m.tree.content("rw/x") == "new");
  CHECK(size_of(m.at("rw/x")) == 3);
  REQUIRE(m.tree.remove("rw/x", {}));
  CHECK(write_whole(m.at("rw/x"), O_WRONLY, "new") == ENOENT);
}
