// secret run -- CMD: credentials for one command, as files that no directory holds (memfds), and in its environment
// only where --env says so.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "base/fd.h"
#include "base/file.h"
#include "cli/message.h"
#include "cli/saved_environment.h"
#include "cli/secret.h"
#include "cli/workflow_files.h"

namespace rfs {
namespace {

// A file that no directory holds, sealed against change.
Result<Fd> memory_file(const SecretBytes& value) {
  Fd file(::memfd_create("runnerfs-secret", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return fail_errno(errno, "a file in memory");
  TRY(write_all(file.get(), value.reveal()));
  if (::lseek(file.get(), 0, SEEK_SET) != 0 || ::fchmod(file.get(), 0400) != 0 ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return fail_errno(errno, "a file in memory");
  return file;
}

// A private directory of links to descriptors: names, and nothing of the values.
class Links {
 public:
  Result<> make() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    std::string form =
        (runtime != nullptr && runtime[0] == '/' ? std::string(runtime) : "/tmp") + "/runnerfs-run-XXXXXX";
    if (::mkdtemp(form.data()) == nullptr) return fail_errno(errno, "a directory for the command");
    path_ = form;
    return {};
  }
  Result<> add(const std::string& name, int fd) {
    const std::string link = path_ + "/" + name;
    if (::symlink(fmt::format("/proc/self/fd/{}", fd).c_str(), link.c_str()) != 0) return fail_errno(errno, link);
    made_.push_back(link);
    return {};
  }
  ~Links() {
    for (const std::string& link : made_) ::unlink(link.c_str());
    if (!path_.empty()) ::rmdir(path_.c_str());
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::vector<std::string> made_;
};

pid_t command_pid = 0;
void pass_on(int signal) {
  if (command_pid > 0) ::kill(command_pid, signal);
}

// In the child: only calls that are safe after fork().
[[noreturn]] void become(const std::vector<Fd>& files, char* const* words, char* const* environment) {
  for (const Fd& file : files) ::fcntl(file.get(), F_SETFD, 0);
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::execvpe(words[0], words, environment);
  const char* message = "runnerfs: error: the command cannot be started\nhint: check its name and PATH\n";
  (void)!::write(STDERR_FILENO, message, std::strlen(message));
  ::_exit(errno == ENOENT ? 127 : 126);
}

int run_command(const std::vector<Fd>& files, const std::vector<std::string>& arguments,
                const SavedEnvironment& environment) {
  std::vector<char*> words;
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const std::vector<char*> variables = environment.pointers();
  command_pid = ::fork();
  if (command_pid < 0) return report(fail_errno(errno, "fork").value());
  if (command_pid == 0) become(files, words.data(), variables.data());
  // A terminal sends these two to the command as well; it decides.
  for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
  for (const int signal : {SIGTERM, SIGHUP}) ::signal(signal, pass_on);
  int status = 0;
  while (::waitpid(command_pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<std::vector<std::pair<std::string, std::string>>> variables_of(const Given& given) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& text : given.every("--env")) {
    const std::size_t equals = text.find('=');
    const std::string variable = text.substr(0, equals);
    if (equals == std::string::npos || !is_variable_name(variable))
      return fail(Code::kUsage, "--env is not of the form VARIABLE=NAME", "for example --env API_TOKEN=API_KEY");
    out.emplace_back(variable, text.substr(equals + 1));
  }
  return out;
}

Result<int> run(const Given& given, SavedEnvironment& environment) {
  TRY_ASSIGN(const auto variables, variables_of(given));
  Links links;
  std::vector<Fd> files;
  {
    TRY_ASSIGN(auto reach, reach_secrets(given));
    Access& access = reach->access();
    const std::vector<std::string> names = given.every("--secret");
    std::vector<std::pair<std::string, std::string>> chosen;
    // Only what was asked for, where anything was.
    if (!names.empty() || variables.empty()) {
      TRY_ASSIGN(chosen, chosen_secrets(access, names));
    }
    TRY(links.make());
    for (const auto& [name, path] : chosen) {
      TRY_ASSIGN(const SecretBytes value, read_credential(access, path));
      TRY_ASSIGN(Fd file, memory_file(value));
      TRY(links.add(name, file.get()));
      files.push_back(std::move(file));
    }
    for (const auto& [variable, name] : variables) {
      TRY_ASSIGN(const std::string path, credential_path(access, "", "", name));
      TRY_ASSIGN(const SecretBytes value, read_credential(access, path));
      if (value.reveal_text().find('\0') != std::string_view::npos)
        return fail(Code::kInvalid, fmt::format("{} holds a zero byte, which no variable can", printable(name)),
                    "read it as a file: --secret NAME");
      environment.set(variable, value.reveal_text());
    }
  }
  environment.set("SECRETS_DIRECTORY", links.path());
  return run_command(files, given.arguments, environment);
}

}  // namespace

int run_secret_run(const Given& given) {
  SavedEnvironment environment;
  const auto code = run(given, environment);
  return code ? *code : report(code.error());
}

}  // namespace rfs
