#include "fs/tree/codeql_path.h"

#include "tests/catch.h"

using namespace rfs;
using What = CodeqlPath::What;
using Names = std::vector<std::string>;

namespace {

const std::string kAt = "octo/hello/0123456789abcdef0123456789abcdef01234567/";
const std::string kHash(64, 'e');

CodeqlPath at(const std::string& path) {
  auto where = parse_codeql_path(path);
  if (!where) FAIL(path + ": " + where.error().message);
  return *where;
}

// What a path is refused with; "" when it is not.
std::string failure(const std::string& path) {
  const auto where = parse_codeql_path(path);
  return where ? "" : std::string(to_word(where.error().code));
}

}  // namespace

TEST_CASE("directories of results are what their depth says") {
  CHECK(at("").what == What::kRoot);
  CHECK(at("README").what == What::kReadme);
  const CodeqlPath owner = at("octo"), repository = at("octo/hello"), commit = at(kAt.substr(0, kAt.size() - 1)),
                   config = at(kAt + "security-extended");
  for (const CodeqlPath* one : {&owner, &repository, &commit, &config}) {
    CHECK(one->what == What::kDirectory);
    CHECK(one->owner == "octo");
    CHECK_FALSE(one->derived());
  }
  CHECK(owner.depth == 1);
  CHECK(owner.name.repository.empty());
  CHECK(repository.depth == 2);
  CHECK(repository.name.repository == "octo/hello");
  CHECK(commit.depth == 3);
  CHECK(commit.name.commit == "0123456789abcdef0123456789abcdef01234567");
  CHECK(config.depth == 4);
  CHECK(config.name.config == "security-extended");
  CHECK(at(kAt + "sha256-" + kHash).name.config == "sha256-" + kHash);
  CHECK(at(kAt + "github").what == What::kDirectory);
  CHECK(at(kAt + "github").name.config == "github");
  for (const char* name : {"o.c-t_o", "OCTO", "1"}) CHECK(at(name).owner == name);
  CHECK(at("octo/.github").name.repository == "octo/.github");
  CHECK(at("octo/x.json").what == What::kDirectory);
}

TEST_CASE("a file of a result is what it ends in") {
  const std::string config = kAt + "default/";
  const std::pair<const char*, What> forms[] = {{".sarif", What::kSarif},
                                                {".json", What::kSummary},
                                                {".manifest.json", What::kManifest},
                                                {".explain", What::kExplain}};
  for (const auto& [end, what] : forms) {
    const CodeqlPath where = at(config + "python" + end);
    CHECK(where.what == what);
    CHECK(where.name.language == "python");
    CHECK(where.name.config == "default");
    CHECK(where.name.repository == "octo/hello");
    CHECK(where.derived() == (what != What::kSarif));
  }
  const CodeqlPath manifests = at(config + "manifest.json");
  CHECK(manifests.what == What::kManifests);
  CHECK(manifests.name.language.empty());
  CHECK(manifests.derived());
}

TEST_CASE("a language is named by any of its names") {
  const auto language = [](const std::string& name) { return at(kAt + "default/" + name + ".sarif").name.language; };
  CHECK(language("javascript") == "javascript");
  CHECK(language("javascript-typescript") == "javascript");
  CHECK(language("typescript") == "javascript");
  CHECK(language("c-cpp") == "cpp");
  CHECK(language("c++") == "cpp");
  CHECK(language("c") == "cpp");
  CHECK(language("c#") == "csharp");
  CHECK(language("java-kotlin") == "java");
  CHECK(language("Python") == "python");
  CHECK(language("actions") == "actions");
}

TEST_CASE("GitHub's analyses are SARIF alone") {
  const CodeqlPath where = at(kAt + "github/c-cpp.sarif");
  CHECK(where.what == What::kGithub);
  CHECK(where.name.language == "cpp");
  CHECK(where.name.config == "github");
  CHECK_FALSE(where.derived());
  for (const char* name : {"cpp.json", "cpp.manifest.json", "cpp.explain", "manifest.json", "cpp.txt"})
    CHECK(failure(kAt + "github/" + name) == "not_found");
}

TEST_CASE("results are also named by the key of their scan and by their digest") {
  CHECK(at(".key").what == What::kHidden);
  CHECK(at(".digest").what == What::kHidden);
  CHECK(at(".key/" + kHash + ".json").what == What::kKey);
  CHECK(at(".key/" + kHash + ".json").hash == kHash);
  CHECK(at(".digest/" + kHash + ".sarif").what == What::kDigest);
  CHECK(at(".digest/" + kHash + ".manifest.json").what == What::kDigestManifest);
  CHECK(at(".digest/" + kHash + ".manifest.json").hash == kHash);
  CHECK_FALSE(at(".digest/" + kHash + ".sarif").derived());
  for (const std::string& name : Names{".key/" + kHash, ".key/" + kHash + ".sarif", ".key/" + kHash.substr(1) + ".json",
                                  ".key/" + std::string(64, 'E') + ".json", ".key/x.json", ".digest/" + kHash,
                                  ".digest/" + kHash + ".json", ".digest/.sarif", ".digest/x.manifest.json"}) {
    INFO(name);
    CHECK(failure(name) == "not_found");
  }
  CHECK(failure(".key/" + kHash + ".json/x") == "not_directory");
}

TEST_CASE("names that nothing can have are refused with the reason, files of no kind are absent") {
  const std::string config = kAt + "default/";
  const std::string repository = "octo/hello/";
  for (const std::string& name :
       Names{"oc to", "octo\n", "octo!", ".git", ".hidden/x", "-\x80", std::string(101, 'a'), "octo/he llo", "octo/..",
        "octo//x", repository + "abc", repository + "HEAD", repository + std::string(40, 'F'),
        repository + std::string(41, 'f'), repository + std::string(64, 'f'), kAt + "a b", kAt + ".x", kAt + "-x",
        kAt + "sha256-12", config + "klingon.sarif", config + ".sarif", config + "klingon.json", config + "python.x.json"}) {
    INFO(name);
    CHECK(failure(name) == "invalid");
    CHECK_FALSE(parse_codeql_path(name).error().message.empty());
  }
  CHECK(failure(kAt + std::string(250, 'a')) == "name_too_long");
  for (const char* name : {"python.txt", "python", "python.SARIF", "x"}) CHECK(failure(config + name) == "not_found");
  for (const std::string& name : Names{"README/x", config + "python.sarif/x", config + "python.json/x/y"})
    CHECK(failure(name) == "not_directory");
  // The hint of a wrong language names the right ones.
  CHECK(parse_codeql_path(config + "klingon.sarif").error().hint.find("python") != std::string::npos);
}
