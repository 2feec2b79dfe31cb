#include "cli/secrets_env.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "tests/catch.h"

using namespace rfs;

TEST_CASE("names that say secret are taken for secrets, names of places are not") {
  for (const char* name :
       {"GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN", "INPUT_CREDENTIALS", "INPUT_GITHUB-TOKEN",
        "CACHE_P2P_SHARED_SECRET", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "MY_API_KEY"})
    CHECK(names_secret(name));
  for (const char* name :
       {"PATH", "HOME", "CREDENTIALS_DIRECTORY", "CREDENTIALS_DIR", "RUNNER_TRACKING_ID", "RUNNERFS_TOKEN_FILE",
        "RUNNERFS_KEY_SOURCE", "DBUS_SESSION_BUS_ADDRESS", "GITHUB_REPOSITORY"})
    CHECK_FALSE(names_secret(name));
}

TEST_CASE("the token is taken, and its bytes in the environment are gone") {
  // A block of our own, as the kernel gives one to a program.
  static char token[] = "GITHUB_TOKEN= ghs_canary \n";
  static char other[] = "GH_TOKEN=ghp_other";
  static char plain[] = "PATH=/usr/bin:/bin";
  char* block[] = {token, other, plain, nullptr};
  char** before = environ;
  environ = block;
  const EnvironmentToken taken = take_secrets();
  const bool gone = std::getenv("GITHUB_TOKEN") == nullptr && std::getenv("GH_TOKEN") == nullptr;
  const bool kept = std::getenv("PATH") != nullptr;
  environ = before;
  CHECK(taken.name == "GITHUB_TOKEN");
  CHECK(taken.bytes.reveal_text() == "ghs_canary");
  CHECK(gone);
  CHECK(kept);
  CHECK(std::string_view(token, sizeof token).find("canary") == std::string_view::npos);
  CHECK(std::string_view(other, sizeof other).find("other") == std::string_view::npos);
}

TEST_CASE("an empty token is none, and the next name counts") {
  static char token[] = "GITHUB_TOKEN=";
  static char other[] = "GH_TOKEN=ghp_x";
  char* block[] = {token, other, nullptr};
  char** before = environ;
  environ = block;
  const EnvironmentToken taken = take_secrets();
  environ = before;
  CHECK(taken.name == "GH_TOKEN");
}
