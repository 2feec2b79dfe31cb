// A git repository that a test makes, and the words to change it and to ask about it.
#pragma once

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "backends/codeql/subject.h"
#include "base/file.h"
#include "base/process.h"
#include "tests/catch.h"
#include "tests/unit/base/scratch.h"

namespace rfs::test {

using codeql::Asked;
using codeql::Environment;
using codeql::Mode;
using codeql::Subject;

class Repo {
 public:
  explicit Repo(const std::vector<std::string>& init = {}) : Repo("work", init) { first(); }
  struct Empty {};
  explicit Repo(Empty) : root(scratch_.path("work")) {}

  // `git WORDS` in the work tree; the test fails when git does.
  std::string git(const std::vector<std::string>& words, const std::string& where = "") const {
    std::vector<std::string> all{"git", "-C", where.empty() ? root : where};
    all.insert(all.end(), words.begin(), words.end());
    auto ran = run_process(all, environment_, Millis(60'000));
    REQUIRE(ran);
    INFO(fmt::format("git {}: {}", words[0], ran->err));
    REQUIRE(ran->exit_code == 0);
    std::string out(ran->out.reveal_text());
    while (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
  }
  void write(const std::string& name, const std::string& content) const {
    const std::string path = root + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    REQUIRE(replace_file(path, content, 0644));
  }
  std::string commit(const std::string& message = "change") const {
    git({"add", "-A"});
    git({"commit", "-q", "--allow-empty", "-m", message});
    return git({"rev-parse", "HEAD"});
  }
  std::string head() const { return git({"rev-parse", "HEAD"}); }
  std::string path(const std::string& name) const { return scratch_.path(name); }

  Asked asked() const {
    Asked out;
    out.directory = root;
    out.repository = "octo/hello";
    out.language = "python";
    out.config = "security-extended";
    out.tool_version = "2.20.1";
    return out;
  }
  Environment environment() const {
    return {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
            {"HOME", scratch_.path("home")},
            {"GITHUB_WORKFLOW_REF", "octo/hello/.github/workflows/scan.yml@refs/heads/main"},
            {"RUNNER_OS", "Linux"}};
  }
  Subject examine() const { return examine(asked(), environment()); }
  Subject examine(const Asked& asked, const Environment& environment) const {
    auto subject = codeql::examine(asked, environment);
    if (!subject) FAIL(subject.error().message);
    return *subject;
  }
  // The key, of a repository that leaves no doubt.
  std::string key() const { return key(asked()); }
  std::string key(const Asked& asked) const {
    const Subject subject = examine(asked, environment());
    for (const std::string& doubt : subject.doubts) FAIL("doubt: " << doubt);
    return subject.manifest.key;
  }
  // All doubts in one text.
  std::string doubts() const {
    std::string out;
    for (const std::string& one : examine().doubts) out += one + "\n";
    return out;
  }

 private:
  Repo(const std::string& name, const std::vector<std::string>& init) : root(scratch_.path(name)) {
    std::filesystem::create_directories(root);
    std::filesystem::create_directories(scratch_.path("home"));
    std::vector<std::string> words{"init", "-q", "-b", "main"};
    words.insert(words.end(), init.begin(), init.end());
    git(words);
  }
  void first() const {
    write("app.py", "print('hello')\n");
    write("lib/tool.py", "import os\n");
    write("README.md", "# hello\n");
    write("run.sh", "#!/bin/sh\n");
    write(".github/workflows/scan.yml",
          "on: push\nenv:\n  CODEQL_THREADS: 2\njobs:\n  scan:\n    steps:\n      - uses: "
          "github/codeql-action/init@0123456789012345678901234567890123456789\n");
    commit("first");
  }
  Scratch scratch_;
  const std::vector<std::string> environment_{
      "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + scratch_.path("home"),  "GIT_AUTHOR_NAME=a",
      "GIT_AUTHOR_EMAIL=a@example.com",    "GIT_COMMITTER_NAME=a",           "GIT_COMMITTER_EMAIL=a@example.com",
      "GIT_CONFIG_COUNT=1",                "GIT_CONFIG_KEY_0=protocol.file.allow", "GIT_CONFIG_VALUE_0=always"};

 public:
  const std::string root;
};

inline bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace rfs::test
