#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "tests/catch.h"
#include "tests/unit/store/child.h"

extern char** environ;

namespace rfs::test {

Child::Child(std::vector<std::string> arguments) {
  int in[2], out[2];
  REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
  Fd child_in(in[0]), child_out(out[1]);
  input_.reset(in[1]);
  output_.reset(out[0]);
  std::string program = STORE_CHILD;
  std::vector<char*> argv{program.data()};
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, child_in.get(), 0);
  ::posix_spawn_file_actions_adddup2(&actions, child_out.get(), 1);
  int rc = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  REQUIRE(rc == 0);
}

Child::~Child() {
  if (pid_ > 0) kill();
}

std::string Child::line() {
  std::string text;
  for (char c; ::read(output_.get(), &c, 1) == 1 && c != '\n';) text += c;
  return text;
}

int Child::wait() {
  input_.reset();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Child::kill() {
  ::kill(pid_, SIGKILL);
  wait();
}

}  // namespace rfs::test
