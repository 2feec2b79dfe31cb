// The key and the doubts on real repositories: what leaves the key as it is, what changes it, what forbids an answer.
#include "backends/codeql/repository.h"

#include <fcntl.h>

#include "tests/unit/codeql/repo.h"

using namespace rfs;
using namespace rfs::codeql;
using namespace rfs::test;

TEST_CASE("the same content has the same key, however it came about") {
  Repo repo;
  const std::string key = repo.key();
  CHECK(repo.key() == key);
  repo.commit("empty");
  CHECK(repo.key() == key);
  repo.git({"checkout", "-q", "-b", "topic"});
  repo.write("app.py", "print('other')\n");
  repo.commit("one");
  repo.write("new.py", "x = 1\n");
  repo.commit("two");
  const std::string topic = repo.key();
  CHECK(topic != key);
  repo.git({"checkout", "-q", "main"});
  CHECK(repo.key() == key);
  SECTION("a merge") {
    repo.git({"merge", "-q", "--no-ff", "-m", "merge", "topic"});
    CHECK(repo.key() == topic);
  }
  SECTION("a squash") {
    repo.git({"merge", "-q", "--squash", "topic"});
    repo.commit("squashed");
    CHECK(repo.key() == topic);
  }
  SECTION("a rebase") {
    repo.commit("empty, to rebase onto");
    repo.git({"checkout", "-q", "topic"});
    repo.git({"rebase", "-q", "main"});
    CHECK(repo.key() == topic);
  }
  SECTION("a revert") {
    repo.git({"merge", "-q", "--no-ff", "-m", "merge", "topic"});
    repo.git({"revert", "--no-edit", "-m", "1", "HEAD"});
    CHECK(repo.key() == key);
  }
  SECTION("a tag, checked out") {
    repo.git({"tag", "v1", "topic"});
    repo.git({"checkout", "-q", "v1"});
    CHECK(repo.key() == topic);
  }
  SECTION("another commit than that which is checked out") {
    Asked asked = repo.asked();
    asked.commit = repo.git({"rev-parse", "topic"});
    const Subject subject = repo.examine(asked, repo.environment());
    CHECK(subject.manifest.key == topic);
    REQUIRE(subject.doubts.size() == 1);  // a scan would read what is checked out
    CHECK(mentions(subject.doubts[0], "is asked about, and"));
    repo.git({"checkout", "-q", "topic"});
    repo.commit("empty");
    CHECK(repo.key(asked) == topic);
  }
  SECTION("a clone of depth one") {
    repo.git({"clone", "-q", "--depth", "1", "--branch", "topic", "file://" + repo.root, repo.path("shallow")});
    Asked asked = repo.asked();
    asked.directory = repo.path("shallow") + "/lib";
    CHECK(repo.key(asked) == topic);
  }
  SECTION("a bare clone") {
    repo.git({"clone", "-q", "--bare", "--branch", "topic", repo.root, repo.path("bare.git")});
    Asked asked = repo.asked();
    asked.directory = repo.path("bare.git");
    CHECK(repo.key(asked) == topic);
  }
  SECTION("a linked work tree") {
    repo.git({"worktree", "add", "-q", repo.path("linked"), "topic"});
    Asked asked = repo.asked();
    asked.directory = repo.path("linked");
    CHECK(repo.key(asked) == topic);
  }
}

TEST_CASE("any change that a scan could see changes the key") {
  Repo repo;
  const std::string key = repo.key();
  SECTION("one byte of a source") { repo.write("app.py", "print('hellO')\n"); }
  SECTION("a new file") { repo.write("x.py", ""); }
  SECTION("a new document, which may change what a directory is taken for") { repo.write("build/README.md", ""); }
  SECTION("a removed file") { repo.git({"rm", "-q", "lib/tool.py"}); }
  SECTION("a moved file") { repo.git({"mv", "lib/tool.py", "tool.py"}); }
  SECTION("a mode") {
    repo.git({"update-index", "--chmod=+x", "run.sh"}), ::chmod((repo.root + "/run.sh").c_str(), 0755);
  }
  SECTION("a file that becomes a symlink") {
    ::unlink((repo.root + "/run.sh").c_str());
    REQUIRE(::symlink("app.py", (repo.root + "/run.sh").c_str()) == 0);
  }
  SECTION("the target of a symlink") {
    REQUIRE(::symlink("app.py", (repo.root + "/README.rst").c_str()) == 0);
    repo.commit();
    const std::string before = repo.key();
    ::unlink((repo.root + "/README.rst").c_str());
    REQUIRE(::symlink("lib", (repo.root + "/README.rst").c_str()) == 0);
    repo.commit();
    CHECK(repo.key() != before);
  }
  SECTION("the workflow") { repo.write(".github/workflows/scan.yml", "on: [push]\n"); }
  SECTION("a file without an extension") { repo.write("script", "#!/usr/bin/env python\n"); }
  repo.commit();
  CHECK(repo.key() != key);
}

TEST_CASE("an edited document is inert for languages without a build, and for no other") {
  Repo repo;
  Asked asked = repo.asked(), tree = asked, built = asked, java = asked;
  tree.mode = Mode::kTree;
  built.build_mode = "autobuild";
  java.language = "java";
  java.mode = Mode::kInert;
  const std::string inert_key = repo.key(asked), tree_key = repo.key(tree), built_key = repo.key(built),
                    java_key = repo.key(java);
  repo.write("README.md", "# changed\n");
  repo.commit();
  CHECK(repo.key(asked) == inert_key);
  CHECK(repo.key(tree) != tree_key);
  CHECK(repo.key(built) != built_key);
  CHECK(repo.key(java) != java_key);
}

TEST_CASE("beside queries a document is the help of a query") {
  Repo repo;
  repo.write("ql/q.ql", "select 1\n");
  repo.write("ql/q.md", "help\n");
  repo.write("logo.png", "1");
  repo.commit();
  const std::string key = repo.key();
  repo.write("logo.png", "2");
  repo.commit();
  CHECK(repo.key() == key);
  repo.write("ql/q.md", "other help\n");
  repo.commit();
  CHECK(repo.key() != key);
}

TEST_CASE("a work tree that is not the commit is a doubt") {
  Repo repo;
  CHECK(repo.doubts() == "");
  SECTION("a modified file") {
    repo.write("app.py", "print('x')\n");
    CHECK(mentions(repo.doubts(), "app.py is modified"));
  }
  SECTION("one with its old size and time") {
    struct stat before {};
    REQUIRE(::stat((repo.root + "/app.py").c_str(), &before) == 0);
    repo.write("app.py", "print('hellO')\n");
    const timespec times[2] = {before.st_atim, before.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, (repo.root + "/app.py").c_str(), times, 0) == 0);
    CHECK(mentions(repo.doubts(), "app.py is modified"));
  }
  SECTION("a staged one") {
    repo.write("app.py", "print('x')\n");
    repo.git({"add", "app.py"});
    CHECK(mentions(repo.doubts(), "app.py is modified"));
  }
  SECTION("a deleted file") {
    ::unlink((repo.root + "/app.py").c_str());
    CHECK(mentions(repo.doubts(), "app.py is deleted"));
  }
  SECTION("a mode") {
    ::chmod((repo.root + "/app.py").c_str(), 0755);
    CHECK(mentions(repo.doubts(), "app.py is modified"));
  }
  SECTION("an untracked file") {
    repo.write("deep/er/x.py", "");
    CHECK(mentions(repo.doubts(), "not tracked"));
  }
  SECTION("an ignored file") {
    repo.write(".gitignore", "*.gen.py\n");
    repo.commit();
    CHECK(repo.doubts() == "");
    repo.write("lib/a.gen.py", "");
    CHECK(mentions(repo.doubts(), "lib/a.gen.py is ignored"));
  }
  SECTION("a file excluded for this clone alone") {
    repo.write(".git/info/exclude", "secret.py\n");
    repo.write("secret.py", "");
    CHECK(mentions(repo.doubts(), "secret.py is ignored"));
  }
  SECTION("a file that git was told not to look at") {
    repo.git({"update-index", "--assume-unchanged", "app.py"});
    repo.write("app.py", "print('x')\n");
    CHECK(mentions(repo.doubts(), "assume-unchanged"));
  }
  SECTION("one that is left out") {
    repo.git({"update-index", "--skip-worktree", "app.py"});
    CHECK(mentions(repo.doubts(), "skip-worktree"));
  }
}

TEST_CASE("a repository that does not show its own objects is a doubt") {
  SECTION("a replace ref") {
    Repo repo;
    const std::string blob = repo.git({"rev-parse", "HEAD:app.py"}), other = repo.git({"rev-parse", "HEAD:run.sh"});
    repo.git({"replace", blob, other});
    CHECK(mentions(repo.doubts(), "replace refs"));
  }
  SECTION("grafts") {
    Repo repo;
    repo.write(".git/info/grafts", repo.head() + "\n");
    CHECK(mentions(repo.doubts(), "grafts"));
  }
  SECTION("a sparse checkout") {
    Repo repo;
    repo.git({"sparse-checkout", "set", "lib"});
    CHECK(mentions(repo.doubts(), "sparse"));
  }
  SECTION("a partial clone") {
    Repo repo;
    repo.git({"config", "uploadpack.allowFilter", "true"});
    repo.git({"clone", "-q", "--no-checkout", "--filter=blob:none", "file://" + repo.root, repo.path("partial")});
    Asked asked = repo.asked();
    asked.directory = repo.path("partial");
    const Subject subject = repo.examine(asked, repo.environment());
    REQUIRE_FALSE(subject.doubts.empty());
    CHECK(mentions(subject.doubts[0], "partial clone"));
  }
  SECTION("object names by SHA-256") {
    Repo repo({"--object-format=sha256"});
    CHECK(mentions(repo.doubts(), "sha256"));
  }
  SECTION("a missing object") {
    Repo repo;
    const std::string blob = repo.git({"rev-parse", "HEAD:lib/tool.py"});
    REQUIRE(::unlink((repo.root + "/.git/objects/" + blob.substr(0, 2) + "/" + blob.substr(2)).c_str()) == 0);
    CHECK(mentions(repo.doubts(), "missing"));
  }
  SECTION("a missing tree") {
    Repo repo;
    const std::string tree = repo.git({"rev-parse", "HEAD:lib"});
    REQUIRE(::unlink((repo.root + "/.git/objects/" + tree.substr(0, 2) + "/" + tree.substr(2)).c_str()) == 0);
    CHECK_FALSE(repo.doubts().empty());
  }
  SECTION("attributes of this clone alone") {
    Repo repo;
    repo.write(".git/info/attributes", "*.py eol=crlf\n");
    CHECK(mentions(repo.doubts(), "attributes"));
  }
}

TEST_CASE("the pin of a submodule, and whether it is checked out, are part of the key") {
  Repo inner, repo;
  repo.git({"submodule", "add", "-q", "file://" + inner.root, "sub"});
  repo.commit();
  const std::string with = repo.key();
  Asked asked = repo.asked();
  repo.git({"clone", "-q", "file://" + repo.root, repo.path("without")});
  asked.directory = repo.path("without");
  CHECK(repo.key(asked) != with);
  SECTION("another pin") {
    inner.write("app.py", "print(2)\n");
    inner.commit();
    repo.git({"pull", "-q"}, repo.root + "/sub");
    CHECK(mentions(repo.doubts(), "sub is modified"));
    repo.commit();
    CHECK(repo.key() != with);
  }
  SECTION("an ignored file within it") {
    repo.write(".git/modules/sub/info/exclude", "x.py\n");
    repo.write("sub/x.py", "");
    CHECK(mentions(repo.doubts(), "sub/x.py is ignored"));
  }
  SECTION("no checkout at all") {
    repo.git({"clone", "-q", "--bare", repo.root, repo.path("bare.git")});
    asked.directory = repo.path("bare.git");
    CHECK(mentions(repo.examine(asked, repo.environment()).doubts.at(0), "submodules"));
  }
}

TEST_CASE("files of Git LFS: pointers and content are two things") {
  Repo repo;
  const std::string pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') + "\nsize 5\n";
  repo.write("data/a.bin", pointer);
  repo.write("data/b.bin", pointer);
  repo.write(".gitattributes", "*.bin filter=lfs -text\n");
  repo.commit();
  const Subject subject = repo.examine();
  CHECK(subject.doubts.empty());
  CHECK(subject.manifest.inputs.at("lfs") == "pointers");
  // A driver that turns content into the pointer again, as git-lfs does.
  repo.git({"config", "filter.lfs.clean", "printf '" + pointer + "'"});
  repo.write("data/a.bin", "hello");
  repo.git({"add", "-u"});
  CHECK(mentions(repo.doubts(), "pointers only"));
  repo.write("data/b.bin", "world");
  repo.git({"add", "-u"});
  CHECK(repo.doubts() == "");
  CHECK(repo.examine().manifest.inputs.at("lfs") == "content");
}

TEST_CASE("variables of git that point elsewhere are not followed") {
  Repo repo, other;
  other.write("app.py", "print('elsewhere')\n");
  other.commit();
  auto environment = repo.environment();
  environment["GIT_DIR"] = other.root + "/.git";
  environment["GIT_WORK_TREE"] = other.root;
  environment["GIT_INDEX_FILE"] = other.root + "/.git/index";
  environment["GIT_OBJECT_DIRECTORY"] = other.root + "/.git/objects";
  CHECK(repo.examine(repo.asked(), environment).manifest.key == repo.key());
}

TEST_CASE("asking writes nothing into the repository and runs nothing that it names") {
  Repo repo;
  const std::string trap = repo.path("trap");
  repo.git({"config", "core.fsmonitor", "touch " + trap + "; false"});
  repo.git({"config", "diff.external", "touch " + trap});
  repo.git({"config", "core.pager", "touch " + trap});
  struct stat before {
  }, after{};
  // Times that differ from the index: git would like to refresh it.
  const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, (repo.root + "/app.py").c_str(), times, 0) == 0);
  REQUIRE(::stat((repo.root + "/.git/index").c_str(), &before) == 0);
  CHECK(repo.doubts() == "");
  REQUIRE(::stat((repo.root + "/.git/index").c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  CHECK(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
  CHECK(::access(trap.c_str(), F_OK) != 0);
}

TEST_CASE("a repository that git does not trust is refused with the way out") {
  Repo repo;
  if (::geteuid() != 0) return;  // only root can give it away
  std::filesystem::create_directories(repo.path("foreign"));
  repo.git({"clone", "-q", repo.root, repo.path("foreign/x")});
  REQUIRE(::chown(repo.path("foreign/x").c_str(), 12345, 12345) == 0);
  REQUIRE(::chown(repo.path("foreign/x/.git").c_str(), 12345, 12345) == 0);
  Asked asked = repo.asked();
  asked.directory = repo.path("foreign/x");
  const auto subject = codeql::examine(asked, repo.environment());
  REQUIRE_FALSE(subject);
  CHECK(subject.error().code == Code::kDenied);
  CHECK(mentions(subject.error().hint, "safe.directory"));
}

TEST_CASE("without git there is an error that says so") {
  Repo repo;
  const char* before = ::getenv("PATH");
  const std::string path = before ? before : "";
  ::setenv("PATH", "/nonexistent", 1);
  const auto subject = codeql::examine(repo.asked(), repo.environment());
  ::setenv("PATH", path.c_str(), 1);
  REQUIRE_FALSE(subject);
  CHECK(subject.error().code == Code::kUnsupported);
  CHECK(mentions(subject.error().message, "not installed"));
}
