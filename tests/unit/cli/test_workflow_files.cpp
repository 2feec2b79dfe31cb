#include "cli/workflow_files.h"

#include "base/file.h"
#include "tests/catch.h"
#include "tests/unit/cli/scratch.h"

using namespace rfs;

TEST_CASE("a value sets its name and nothing else, whatever it holds") {
  const Scratch scratch;
  const std::string file = scratch.write("env", "");
  const std::string value = "a\nEOF\nPATH=/evil\nX<<Y\n\n%0A\r";
  REQUIRE(append_value(file, "NAME", value));
  const std::string text = *read_file(file);
  const std::size_t first = text.find('\n');
  const std::string delimiter = text.substr(6, first - 6);
  CHECK(text.starts_with("NAME<<runnerfs_"));
  CHECK(delimiter.size() == 9 + 32);
  CHECK(text == "NAME<<" + delimiter + "\n" + value + "\n" + delimiter + "\n");
  REQUIRE(append_value(file, "NAME", value));
  CHECK(!mentions(read_file(file)->substr(text.size()), delimiter));
}

TEST_CASE("an output of one line is NAME=value, any other a heredoc") {
  const Scratch scratch;
  const std::string file = scratch.write("output", "left=open");
  REQUIRE(append_outputs(file, {{"skip", "true"}, {"sarif", ""}, {"reason", " a<<b = c::d "}}));
  CHECK(*read_file(file) == "left=open\nskip=true\nsarif=\nreason= a<<b = c::d \n");
  for (const char* value : {"a\nskip=true", "a\rb", "\n"}) {
    const std::string other = scratch.write("other", "");
    REQUIRE(append_outputs(other, {{"reason", value}, {"skip", "false"}}));
    const std::string text = *read_file(other);
    const std::string delimiter = text.substr(8, 9 + 32);
    CHECK(text == "reason<<" + delimiter + "\n" + value + "\n" + delimiter + "\nskip=false\n");
  }
  // All or nothing.
  const std::string none = scratch.write("none", "");
  CHECK(!append_outputs(none, {{"skip", "true"}, {"a=b", "x"}}));
  CHECK(!append_outputs(none, {{"skip", "true"}, {"reason", std::string("x\0y", 3)}}));
  CHECK(read_file(none)->empty());
}

TEST_CASE("what the runner would misread is refused") {
  const Scratch scratch;
  const std::string file = scratch.write("env", "");
  for (const char* name : {"", "A=B", "A<<B", "A\nB"}) CHECK(!append_value(file, name, "x"));
  CHECK(!append_value(file, "A", std::string_view("x\0y", 3)));
  CHECK(!append_value("", "A", "x"));
  CHECK(!append_directory(file, "/a\n/b"));
  CHECK(read_file(file)->empty());
  CHECK(!append_summary(file, std::string((1u << 20) + 1, 'x')));
}

TEST_CASE("names that programs take orders from are not harmless") {
  for (const char* name : {"PATH", "path", "NODE_OPTIONS", "LD_PRELOAD", "LD_X", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "GITHUB_TOKEN", "GITHUB_ENV",
                           "RUNNER_TEMP", "ACTIONS_STEP_DEBUG", "INPUT_A", "STATE_A", "PYTHONPATH", "PYTHONHOME", "PERL5LIB", "RUBYOPT", "HTTPS_PROXY",
                           "no_proxy", "GIT_SSH_COMMAND", "GIT_CONFIG_COUNT", "JAVA_TOOL_OPTIONS", "IFS", "BASH_FUNC_x%%", "CI", "HOME", "SHELL"})
    CHECK(!harmless_variable(name));
  for (const char* name : {"API_KEY", "GIT_TOKEN", "PATH_TO_KEY", "NPM_TOKEN", "DB_PASSWORD", "MY_PATH", "A_FILE", "NODE_AUTH_TOKEN"})
    CHECK(harmless_variable(name));
}

TEST_CASE("text of others can be no command of the runner") {
  CHECK(quoted_log("runnerfs: ", "::error::x\r##[group]y\n\n##[a]##[b]") == "runnerfs: ::error::x\nrunnerfs: ## [group]y\nrunnerfs: ## [a]## [b]\n");
  CHECK(annotation("warning", "a:b,c", "50%\nhint: x:y") == "::warning title=a%3Ab%2Cc::50%25%0Ahint: x:y\n");
}
