// The short way to "nothing was changed": it may say so only where `git status` would, and leaves all else to that.
#include "backends/codeql/index.h"

#include <fcntl.h>

#include "tests/unit/codeql/repo.h"

using namespace rfs;
using namespace rfs::codeql;
using namespace rfs::test;

namespace {

std::string index_of(const Repo& repo) { return repo.root + "/.git/index"; }

void set_time(const std::string& path, time_t seconds, long nanoseconds) {
  const timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
}

// As if the index had been written long after the files.
void settle(const Repo& repo) { set_time(index_of(repo), ::time(nullptr) + 3600, 0); }

// Until the clock of the file system has moved on from the last change of a file.
void next_tick(const std::string& path) {
  struct stat was {}, is {};
  REQUIRE(::stat(path.c_str(), &was) == 0);
  do {
    REQUIRE(replace_file(path + ".tick", "x"));
    REQUIRE(::stat((path + ".tick").c_str(), &is) == 0);
  } while (is.st_mtim.tv_sec == was.st_ctim.tv_sec && is.st_mtim.tv_nsec == was.st_ctim.tv_nsec);
  ::unlink((path + ".tick").c_str());
}

bool untouched(const Repo& repo, const std::string& commit = "HEAD") {
  auto git = Git::open(repo.root, repo.environment());
  REQUIRE(git);
  const auto files = IndexedFiles::begin(*git);
  REQUIRE(list_tree(*git, commit, [&](const TreeEntry& entry) {
    files->expect(entry);
    return true;
  }));
  return files->all_as_committed();
}

}  // namespace

TEST_CASE("a checkout that nobody touched is known without git status") {
  Repo repo;
  repo.write("lib-x/a.py", "a");
  repo.write("lib.py", "b");
  repo.write("lib/deep/er/c.py", "");
  REQUIRE(::symlink("no/such", (repo.root + "/link").c_str()) == 0);
  ::chmod((repo.root + "/run.sh").c_str(), 0755);
  repo.commit();
  settle(repo);
  CHECK(untouched(repo));
  CHECK(repo.doubts() == "");
}

TEST_CASE("a file as young as the index may have been changed after it") {
  Repo repo;
  settle(repo);
  REQUIRE(untouched(repo));
  struct stat info {};
  REQUIRE(::stat((repo.root + "/app.py").c_str(), &info) == 0);
  set_time(index_of(repo), info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  CHECK(!untouched(repo));
  CHECK(repo.doubts() == "");  // git looks into it
}

TEST_CASE("nothing that was changed passes for untouched") {
  Repo repo;
  REQUIRE(::symlink("app.py", (repo.root + "/link").c_str()) == 0);
  repo.write(".gitignore", "*.gen\n");
  repo.write("lib/deep/x.py", "x");
  repo.write("empty.py", "");
  repo.commit();
  settle(repo);
  REQUIRE(untouched(repo));
  const std::string app = repo.root + "/app.py", lib = repo.root + "/lib";
  bool doubtful = true;
  SECTION("one byte, with the old size and time") {
    next_tick(app);
    struct stat before {};
    REQUIRE(::stat(app.c_str(), &before) == 0);
    repo.write("app.py", "print('hellO')\n");
    set_time(app, before.st_mtim.tv_sec, before.st_mtim.tv_nsec);
  }
  SECTION("one byte, in place, with the old size and time") {
    next_tick(app);
    struct stat before {};
    REQUIRE(::stat(app.c_str(), &before) == 0);
    const Fd file(::open(app.c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(::pwrite(file.get(), "O", 1, 11) == 1);
    set_time(app, before.st_mtim.tv_sec, before.st_mtim.tv_nsec);
    doubtful = false;  // git counts seconds, and looks into what is as young as the index, which this one is not
  }
  SECTION("a mode") { ::chmod(app.c_str(), 0755); }
  SECTION("a deleted file") { ::unlink(app.c_str()); }
  SECTION("a file that became a symlink") {
    ::rename(app.c_str(), repo.path("app.py").c_str());
    REQUIRE(::symlink(repo.path("app.py").c_str(), app.c_str()) == 0);
  }
  SECTION("the target of a symlink") {
    ::unlink((repo.root + "/link").c_str());
    REQUIRE(::symlink("apq.py", (repo.root + "/link").c_str()) == 0);
    doubtful = false;  // as above
  }
  SECTION("a directory that became a symlink to the same files") {
    ::rename(lib.c_str(), repo.path("lib").c_str());
    REQUIRE(::symlink(repo.path("lib").c_str(), lib.c_str()) == 0);
  }
  SECTION("an untracked file at the root") { repo.write("new.py", ""); }
  SECTION("an untracked file deep down") { repo.write("lib/deep/new.py", ""); }
  SECTION("an untracked directory") { repo.write("other/new.py", ""); }
  SECTION("an ignored file") { repo.write("lib/x.gen", ""); }
  SECTION("a repository within it") { repo.git({"init", "-q", repo.root + "/lib/inner"}); }
  SECTION("a staged change") {
    repo.write("app.py", "other");
    repo.git({"add", "app.py"});
    settle(repo);
  }
  SECTION("a staged file") {
    repo.write("new.py", "");
    repo.git({"add", "new.py"});
    settle(repo);
  }
  SECTION("a file of which git is told that it will come") {
    repo.write("new.py", "");
    repo.git({"add", "-N", "new.py"});
    settle(repo);
  }
  SECTION("a file that git no longer follows") {
    repo.git({"rm", "-q", "--cached", "app.py"});
    settle(repo);
  }
  SECTION("a file that git was told not to look at") {
    repo.git({"update-index", "--assume-unchanged", "app.py"});
    settle(repo);
  }
  SECTION("a file that is left out") {
    repo.git({"update-index", "--skip-worktree", "app.py"});
    settle(repo);
  }
  SECTION("an index that git does not trust") {
    // git writes size 0 for what it must look into.
    auto index = read_file(index_of(repo));
    REQUIRE(index);
    const std::size_t name = index->find("app.py");
    index->replace(name - 62 + 36, 4, std::string(4, '\0'));
    REQUIRE(replace_file(index_of(repo), *index));
    settle(repo);
    doubtful = false;  // git reports a broken checksum, or looks into it
  }
  SECTION("an empty directory, which is nothing to git") {
    REQUIRE(::mkdir((repo.root + "/nothing").c_str(), 0755) == 0);
    doubtful = false;
  }
  SECTION("an index of version 4") {
    repo.git({"update-index", "--index-version", "4"});
    settle(repo);
    doubtful = false;
  }
  SECTION("an index in two files") {
    repo.git({"update-index", "--split-index"});
    settle(repo);
    doubtful = false;
  }
  SECTION("no index") {
    ::unlink(index_of(repo).c_str());
  }
  CHECK(!untouched(repo));
  if (doubtful) CHECK(repo.doubts() != "");
}

TEST_CASE("the index must be that of the commit") {
  Repo repo;
  const std::string first = repo.head();
  repo.write("z.py", "");
  repo.commit();
  settle(repo);
  CHECK(untouched(repo));
  CHECK(!untouched(repo, first));
  repo.git({"rm", "-q", "z.py"});
  settle(repo);
  CHECK(!untouched(repo));
  CHECK(untouched(repo, first));
}

TEST_CASE("an index of any bytes is read, or is not") {
  Repo repo;
  const auto index = read_file(index_of(repo));
  REQUIRE(index);
  std::vector<IndexedFiles::Entry> entries;
  REQUIRE(IndexedFiles::parse(*index, entries));
  CHECK(entries.size() == 5);
  CHECK(entries[1].path == "README.md");
  for (std::size_t size = 0; size < index->size(); ++size) {
    std::vector<IndexedFiles::Entry> some;
    // Cut behind the last entry it is one without extensions.
    if (IndexedFiles::parse(std::string_view(*index).substr(0, size), some)) CHECK(some.size() == entries.size());
  }
  for (std::size_t at = 0; at < index->size(); ++at)
    for (const char byte : {'\0', '\xff', 'a'}) {
      std::string other = *index;
      other[at] = byte;
      std::vector<IndexedFiles::Entry> some;
      (void)IndexedFiles::parse(other, some);  // the sanitizers look on
    }
}
