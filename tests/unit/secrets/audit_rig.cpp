#include "tests/unit/secrets/audit_rig.h"

#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/catch.h"

namespace rfs::test {

std::unique_ptr<Audit> AuditRig::open(const AuditOptions& options) {
  auto opened = Audit::open(options, clock);
  if (!opened) FAIL(opened.error().message);
  return std::move(*opened);
}

Code AuditRig::open_code() {
  auto opened = Audit::open(options(), clock);
  REQUIRE_FALSE(opened);
  CHECK_FALSE(opened.error().message.empty());
  return opened.error().code;
}

std::vector<std::string> AuditRig::lines() const {
  std::vector<std::string> out;
  std::istringstream text(content(log()));
  for (std::string line; std::getline(text, line);) out.push_back(line);
  return out;
}

AuditEvent event(AuditAction action, const std::string& credential, const std::string& reason) {
  AuditEvent event;
  event.action = action;
  event.credential = credential;
  event.repo = "octo/hello";
  event.workflow = "build.yml";
  event.runner_id = "runner-1";
  event.scope = "repo:octo/hello";
  event.reason = reason;
  event.accessor = {1000, 1001, 4242, "/usr/bin/curl"};
  event.generation = 7;
  return event;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void overwrite(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  REQUIRE(file.flush());
}

std::string member(const std::string& line, const char* name) { return std::string(audit::member_of(line, name)); }

void in_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
}

}  // namespace rfs::test
