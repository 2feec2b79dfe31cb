#include "crypto/key_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "crypto/key_file.h"
#include "crypto/key_text.h"
#include "tests/unit/base/scratch.h"
#include "tests/unit/crypto/vectors.h"

using namespace rfs;
using namespace rfs::test;

namespace {

const std::string kKeyLine = "runnerfs-root-key-v1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";  // 00…1f

// Sets a variable of the environment, and what was there again.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) before_ = old;
    if (value)
      ::setenv(name, value, 1);
    else
      ::unsetenv(name);
  }
  ~Variable() {
    if (before_)
      ::setenv(name_, before_->c_str(), 1);
    else
      ::unsetenv(name_);
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

struct Setting {
  Scratch scratch;
  Variable credentials{"CREDENTIALS_DIRECTORY", nullptr};
  Variable bus{"DBUS_SESSION_BUS_ADDRESS", nullptr};
  Variable runtime{"XDG_RUNTIME_DIR", nullptr};
  std::string state = scratch.path("state");
  KeySource source(bool job = false) const {
    // A keyring helper that says "no bus", as the real one would here.
    return KeySource({.state_directory = state, .helper = "/bin/false", .job = job});
  }
};

// "" where nothing is.
std::string recorded(KeySource source) {
  auto kind = source.recorded();
  REQUIRE(kind);
  return *kind ? std::string(key_source_word(**kind)) : "";
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

Error refusal(const std::string& path) {
  auto key = read_key_file(path);
  REQUIRE_FALSE(key);
  CHECK(key.error().message.find("AAECAwQF") == std::string::npos);
  return key.error();
}

}  // namespace

TEST_CASE("a key's text is one line, and only that line is a key") {
  CHECK(key_to_text(root_key()).reveal_text() == kKeyLine);
  auto key = key_from_text(view(kKeyLine));
  REQUIRE(key);
  CHECK(key->equals(counting(0, 32)));
  CHECK(key_from_text(view(kKeyLine.substr(0, kKeyLine.size() - 1))));
  std::string line = kKeyLine.substr(0, kKeyLine.size() - 1);
  for (std::string bad :
       {std::string(), std::string("runnerfs-root-key-v1 "), line + "\n\n", line + " ", " " + line, line + "\r\n",
        "runnerfs-root-key-v2" + line.substr(20),
        line.substr(0, 57) + "\xb8\x94\x9e\xb8\x87\x88\x9b\xb7" + line.substr(65), line.substr(0, line.size() - 1),
        line.substr(0, line.size() - 2) + "9=", line.substr(0, 30) + "-" + line.substr(31),
        line.substr(0, 30) + "\n" + line.substr(31), "runnerfs-root-key-v1 " + base64(Bytes(31, 1)),
        "runnerfs-root-key-v1 " + base64(Bytes(33, 1))}) {
    CAPTURE(bad);
    auto refused = key_from_text(view(bad));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kNoKey);
  }
}

TEST_CASE("a key file is read when it is its owner's alone") {
  Scratch scratch;
  std::string path = scratch.path("root-key");
  CHECK(refusal(path).code == Code::kNotFound);
  REQUIRE(replace_file(path, kKeyLine, 0600));
  auto key = read_key_file(path);
  REQUIRE(key);
  CHECK(key->equals(counting(0, 32)));
  REQUIRE(::chmod(path.c_str(), 0400) == 0);
  CHECK(read_key_file(path));
}

TEST_CASE("a key file that others can use is refused, whatever the right") {
  Scratch scratch;
  std::string path = scratch.path("root-key");
  REQUIRE(replace_file(path, kKeyLine, 0600));
  for (mode_t more : {0040, 0020, 0010, 0004, 0002, 0001}) {
    REQUIRE(::chmod(path.c_str(), 0600 | more) == 0);
    CAPTURE(more);
    CHECK(refusal(path).code == Code::kNoKey);
    CHECK(refusal(path).hint == "chmod 600 " + path);
  }
}

TEST_CASE("a key file that is a link, has two names or is no file is refused") {
  Scratch scratch;
  std::string path = scratch.path("root-key"), other = scratch.path("other");
  REQUIRE(replace_file(other, kKeyLine, 0600));
  REQUIRE(::symlink(other.c_str(), path.c_str()) == 0);
  CHECK(refusal(path).message.ends_with("is a symbolic link"));
  REQUIRE(::unlink(path.c_str()) == 0);
  REQUIRE(::link(other.c_str(), path.c_str()) == 0);
  CHECK(refusal(path).message.ends_with("has more than one name"));
  REQUIRE(::unlink(path.c_str()) == 0);
  REQUIRE(::mkdir(path.c_str(), 0700) == 0);
  CHECK(refusal(path).message.ends_with("is not a regular file"));
  REQUIRE(::rmdir(path.c_str()) == 0);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(refusal(path).message.ends_with("is not a regular file"));
}

TEST_CASE("a key file of another owner is refused") {
  Scratch scratch;
  std::string path = scratch.path("root-key");
  REQUIRE(replace_file(path, kKeyLine, 0600));
  if (::chown(path.c_str(), 65534, static_cast<gid_t>(-1)) != 0) return;  // only the superuser can make such a file
  CHECK(refusal(path).message.ends_with("belongs to another user"));
}

TEST_CASE("a key file with something else in it is refused") {
  Scratch scratch;
  std::string path = scratch.path("root-key");
  for (const std::string& content :
       {std::string(), std::string("hello\n"), kKeyLine + kKeyLine, std::string(100'000, 'x')}) {
    REQUIRE(replace_file(path, content, 0600));
    CHECK(refusal(path).code == Code::kNoKey);
  }
}

TEST_CASE("a new key file is its owner's alone and never takes another's place") {
  Scratch scratch;
  std::string path = scratch.path("new/root-key");
  mode_t before = ::umask(0);
  auto key = create_key_file(path);
  ::umask(before);
  REQUIRE(key);
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(scratch.path("new")) == 0700);
  auto again = read_key_file(path);
  REQUIRE(again);
  CHECK(again->equals(key->reveal()));
  CHECK(create_key_file(path).error().code == Code::kExists);
  CHECK(read_key_file(path)->equals(key->reveal()));
  REQUIRE(::unlink(path.c_str()) == 0);
  auto next = create_key_file(path);
  REQUIRE(next);
  CHECK_FALSE(next->equals(key->reveal()));
}

TEST_CASE("the words of the sources are read back") {
  for (KeySourceKind kind :
       {KeySourceKind::kKeyring, KeySourceKind::kSystemd, KeySourceKind::kFile, KeySourceKind::kMemory}) {
    KeySourceKind parsed{};
    CHECK(parse_key_source(key_source_word(kind), parsed));
    CHECK(parsed == kind);
  }
  KeySourceKind kind{};
  CHECK_FALSE(parse_key_source("Keyring", kind));
  CHECK_FALSE(parse_key_source("", kind));
}

TEST_CASE("nothing is recorded until something is decided") {
  Setting setting;
  KeySource source = setting.source();
  CHECK(recorded(setting.source()) == "");
  REQUIRE(source.create(KeySourceKind::kFile));
  CHECK(recorded(setting.source()) == "file");
  CHECK(read_file(setting.state + "/key-source") == "file\n");
  CHECK(mode_of(setting.state) == 0700);
}

TEST_CASE("a record that names no source is an error and not a decision to make again") {
  Setting setting;
  REQUIRE(make_directories(setting.state));
  REQUIRE(replace_file(setting.state + "/key-source", "vault\n"));
  CHECK(setting.source().recorded().error().code == Code::kInvalid);
}

TEST_CASE("a file's key loads again, and says that it lies beside the data") {
  Setting setting;
  auto made = setting.source().create(KeySourceKind::kFile);
  REQUIRE(made);
  auto loaded = setting.source().load(KeySourceKind::kFile);
  REQUIRE(loaded);
  CHECK(loaded->bytes.equals(made->bytes.reveal()));
  CHECK(loaded->weakness == "key beside data");
  CHECK(loaded->kind == KeySourceKind::kFile);
  CHECK(setting.source().create(KeySourceKind::kFile).error().code == Code::kExists);
}

TEST_CASE("a missing key is an error with a hint, and is not made anew by loading") {
  Setting setting;
  for (KeySourceKind kind :
       {KeySourceKind::kFile, KeySourceKind::kSystemd, KeySourceKind::kMemory, KeySourceKind::kKeyring}) {
    auto key = setting.source().load(kind);
    CAPTURE(key_source_word(kind));
    REQUIRE_FALSE(key);
    CHECK(key.error().code == Code::kNoKey);
    CHECK_FALSE(key.error().hint.empty());
  }
  CHECK_FALSE(setting.source().probe(KeySourceKind::kFile).has_key);
}

TEST_CASE("a first mount takes over a key that is there, and makes one where none is") {
  Setting setting;
  auto made = setting.source().establish(KeySourceKind::kFile);
  REQUIRE(made);
  REQUIRE(::unlink((setting.state + "/key-source").c_str()) == 0);  // as after a kill between the two
  auto again = setting.source().establish(KeySourceKind::kFile);
  REQUIRE(again);
  CHECK(again->bytes.equals(made->bytes.reveal()));
  CHECK(recorded(setting.source()) == "file");
}

TEST_CASE("a key in memory lives as long as its source") {
  Setting setting;
  KeySource source = setting.source(true);
  auto made = source.create(KeySourceKind::kMemory);
  REQUIRE(made);
  CHECK(made->weakness.empty());
  CHECK(source.load(KeySourceKind::kMemory)->bytes.equals(made->bytes.reveal()));
  CHECK(source.create(KeySourceKind::kMemory).error().code == Code::kExists);
  CHECK(recorded(setting.source()) == "memory");
  CHECK(setting.source(true).load(KeySourceKind::kMemory).error().code == Code::kNoKey);
}

TEST_CASE("trying a key in memory does not change what the stores are opened with") {
  Setting setting;
  REQUIRE(setting.source().create(KeySourceKind::kFile));
  REQUIRE(setting.source().create(KeySourceKind::kMemory));
  CHECK(recorded(setting.source()) == "file");
}

TEST_CASE("a key in memory needs no place to write") {
  Setting setting;
  REQUIRE(replace_file(setting.state, "a file where the directory would be"));
  CHECK(setting.source(true).create(KeySourceKind::kMemory));
  CHECK_FALSE(setting.source().create(KeySourceKind::kFile));
}

TEST_CASE("a systemd credential is used and never made") {
  Setting setting;
  Variable directory("CREDENTIALS_DIRECTORY", setting.scratch.path("credentials").c_str());
  KeySource source = setting.source();
  CHECK(source.create(KeySourceKind::kSystemd).error().code == Code::kUnsupported);
  CHECK(source.probe(KeySourceKind::kSystemd).word == "no such credential");
  REQUIRE(make_directories(setting.scratch.path("credentials")));
  REQUIRE(replace_file(setting.scratch.path("credentials/runnerfs-root-key"), kKeyLine, 0440));
  CHECK(source.probe(KeySourceKind::kSystemd).usable);
  auto key = source.establish(KeySourceKind::kSystemd);
  REQUIRE(key);
  CHECK(key->bytes.equals(counting(0, 32)));
  CHECK(key->weakness.empty());
  CHECK(recorded(setting.source()) == "systemd");
  REQUIRE(replace_file(setting.scratch.path("credentials/runnerfs-root-key"), "x"));
  CHECK(source.load(KeySourceKind::kSystemd).error().code == Code::kNoKey);
  CHECK_FALSE(source.probe(KeySourceKind::kSystemd).usable);
}

TEST_CASE("a first mount decides for memory in a job, then a credential, then a file") {
  Setting setting;
  CHECK(setting.source(true).decide() == KeySourceKind::kMemory);
  CHECK(setting.source().decide() == KeySourceKind::kFile);
  Variable directory("CREDENTIALS_DIRECTORY", setting.scratch.path("credentials").c_str());
  REQUIRE(make_directories(setting.scratch.path("credentials")));
  REQUIRE(replace_file(setting.scratch.path("credentials/runnerfs-root-key"), kKeyLine));
  CHECK(setting.source().decide() == KeySourceKind::kSystemd);
  CHECK(setting.source(true).decide() == KeySourceKind::kMemory);
}

TEST_CASE("a keyring helper that is missing or broken is an unusable keyring") {
  Setting setting;
  CHECK_FALSE(setting.source().probe(KeySourceKind::kKeyring).usable);
  KeySource gone({.state_directory = setting.state, .helper = setting.scratch.path("none")});
  CHECK_FALSE(gone.probe(KeySourceKind::kKeyring).usable);
  CHECK(gone.load(KeySourceKind::kKeyring).error().code == Code::kNoKey);
  CHECK(gone.create(KeySourceKind::kKeyring).error().code == Code::kNoKey);
}
