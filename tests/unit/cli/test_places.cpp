#include "cli/places.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/catch.h"
#include "tests/unit/cli/scratch.h"

using namespace rfs;

TEST_CASE("the default mountpoint and socket lie in XDG_RUNTIME_DIR") {
  Scratch scratch;
  scratch.write("run/x", "");
  const Environment environment{{"XDG_RUNTIME_DIR", scratch.join("run")}};
  CHECK(default_mountpoint(environment) == scratch.join("run/runnerfs"));
  CHECK(socket_of_mountpoint(environment, "") == scratch.join("run/runnerfs.sock"));
  CHECK(socket_of_mountpoint(environment, scratch.join("run/runnerfs")) == scratch.join("run/runnerfs.sock"));
}

TEST_CASE("a runtime directory that is not there is not used") {
  const Environment environment{{"XDG_RUNTIME_DIR", "/no/such/directory"}};
  const std::string expected = ::geteuid() == 0 ? "/run/runnerfs" : fmt::format("/tmp/runnerfs-{}", ::geteuid());
  CHECK(default_mountpoint(environment) == expected);
}

TEST_CASE("each mountpoint has a socket of its own") {
  const std::string a = socket_of_mountpoint({}, "/mnt/a"), b = socket_of_mountpoint({}, "/mnt/b");
  CHECK(a != b);
  CHECK(a == socket_of_mountpoint({}, "/mnt/a"));
  CHECK(a.ends_with(".sock"));
  CHECK(a.size() < 100);  // sun_path
}

TEST_CASE("a directory where others could put a socket is refused") {
  Scratch scratch;
  scratch.write("open/x", "");
  REQUIRE(::chmod(scratch.join("open").c_str(), 0777) == 0);
  const auto prepared = prepare_socket_directory(scratch.join("open/a.sock"));
  REQUIRE_FALSE(prepared);
  CHECK(prepared.error().code == Code::kDenied);
  CHECK(prepare_socket_directory(scratch.join("new/a.sock")));
  struct stat info {};
  REQUIRE(::stat(scratch.join("new").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("paths are made absolute as text") {
  CHECK(absolute_path("/a//b/./c/../d/") == "/a/b/d");
  CHECK(absolute_path("/../..") == "/");
  char buffer[4096];
  REQUIRE(::getcwd(buffer, sizeof buffer) != nullptr);
  CHECK(absolute_path("x") == std::string(buffer) + "/x");
}

TEST_CASE("a mountpoint is named as the kernel names it: with every link followed") {
  Scratch scratch;
  scratch.write("real/x", "");
  REQUIRE(::symlink(scratch.join("real").c_str(), scratch.join("link").c_str()) == 0);
  CHECK(mountpoint_path(scratch.join("link/mnt")) == scratch.join("real/mnt"));
  CHECK(mountpoint_path(scratch.join("link")) == scratch.join("real"));
  REQUIRE(::symlink("mnt", scratch.join("real/up").c_str()) == 0);
  CHECK(mountpoint_path(scratch.join("link/up")) == scratch.join("real/mnt"));
  REQUIRE(::symlink("round", scratch.join("round").c_str()) == 0);
  CHECK(mountpoint_path(scratch.join("round/x")) == scratch.join("round/x"));
  CHECK(mountpoint_path("/x") == "/x");
  CHECK(mountpoint_path("/") == "/");
}

TEST_CASE("users are named by login name or number") {
  const auto root = find_user("root");
  REQUIRE(root);
  CHECK(root->uid == 0);
  const auto number = find_user("12345");
  REQUIRE(number);
  CHECK(number->uid == 12345);
  CHECK_FALSE(find_user("no-such-user"));
  CHECK_FALSE(find_user("99999999999"));
}
