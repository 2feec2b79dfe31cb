#include "cli/front.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <ctime>
#include <thread>

#include "base/fd.h"
#include "base/log.h"
#include "cli/daemon.h"
#include "cli/harden.h"
#include "cli/message.h"
#include "fs/kernel/mountpoint.h"

namespace rfs {
namespace {

sigset_t served_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR2}) ::sigaddset(&set, signal);
  return set;
}

// One attempt to end. False: readers hold the mount, and it goes on.
bool end(Daemon& daemon, bool lazy) {
  Session* session = daemon.session();
  if (session == nullptr) return true;
  const auto stopped = session->stop(lazy);
  if (stopped) return true;
  log(Level::kWarning, "{}; {}", stopped.error().message, stopped.error().hint);
  *daemon.stop_error.lock() = stopped.error().message + "\n" + stopped.error().hint;
  return false;
}

// Of a process that cannot be watched nothing is known.
bool is_gone(const Fd& process) {
  pollfd ended{process.get(), POLLIN, 0};
  return process && ::poll(&ended, 1, 0) > 0;
}

void serve_signals(Daemon& daemon, const sigset_t& set, const Fd& until) {
  int asked_to_end = 0;
  while (true) {
    const timespec second{1, 0};
    const int signal = ::sigtimedwait(&set, nullptr, &second);
    if (daemon.session() != nullptr && daemon.session()->ended()) return;
    if (signal == SIGTERM || signal == SIGINT) {
      // The second one detaches: whoever holds the mount keeps its open files, everybody else sees it gone.
      if (end(daemon, ++asked_to_end > 1)) return;
    } else if (signal == SIGUSR2) {
      const auto stop = daemon.stop.exchange(Daemon::Stop::kNo);
      if (stop != Daemon::Stop::kNo && end(daemon, stop == Daemon::Stop::kDetach)) return;
    } else if (is_gone(until)) {
      log(Level::kWarning, "the job's runner is gone: ending");
      if (end(daemon, true)) return;
    } else {
      daemon.tick();
    }
  }
}

void setup_log(const Settings& settings, bool background) {
  LogOptions options;
  parse_level(settings.log_level, options.level);
  options.file = settings.log_file;
  options.syslog = background && settings.log_file.empty();
  log_setup(options);
}

Result<> start(Daemon& daemon, const FrontOptions& options) {
  if (!options.mountpoint.empty()) {
    std::string notice;
    TRY(prepare_mountpoint(options.mountpoint, options.make_mountpoint, daemon.nonempty(), notice));
    if (!notice.empty()) note(notice);
    TRY(daemon.start_mount(options.mountpoint, options.passed));
  }
  if (auto opened = daemon.start_socket(options.socket); !opened) {
    if (options.mountpoint.empty()) return opened;
    // The mount works without it; commands then use the store themselves.
    warn(fmt::format("no socket: {}", opened.error().message));
  }
  return {};
}

}  // namespace

int run_front(const Configuration& configuration, EnvironmentToken token, const Environment& environment,
              const FrontOptions& options, Ready& ready) {
  harden();
  // Before any thread begins, so that all inherit the mask and the main loop alone receives them.
  const sigset_t set = served_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  setup_log(configuration.settings, ready.in_background());
  const Fd until(options.until > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, options.until, 0)) : -1);
  // Memory that was locked before a fork is not locked after it.
  token.bytes = token.bytes.clone();
  token.network = token.network.clone();
  token.runtime = token.runtime.clone();

  auto built = Daemon::build(configuration, std::move(token), environment);
  if (!built) return report(built.error());
  Daemon& daemon = **built;
  daemon.open_secrets();
  daemon.serving = true;
  daemon.ask_for_token();
  daemon.start_peers(environment);
  if (auto started = start(daemon, options); !started) return report(started.error());

  // Each once: in the foreground the log is stderr too.
  const bool logged = ready.in_background() || !configuration.settings.log_file.empty();
  const auto tell = [logged](Level level, const std::string& text) {
    level == Level::kWarning ? warn(text) : note(text);
    if (logged) log(level, "{}", text);
  };
  for (const std::string& text : daemon.warnings()) tell(Level::kWarning, text);
  // Neither need be there at the start; who misspelled a name should not learn it from the first reader.
  const auto look = [&](const char* what, const std::string& path, const char* when) {
    if (!path.empty() && ::access(path.c_str(), R_OK) != 0)
      tell(Level::kWarning, fmt::format("the {} {}: {}; it is looked for again at each {}", what, path, std::strerror(errno), when));
  };
  look("token file", configuration.settings.token_file, "request");
  look("file of certificates", configuration.settings.ca_file, "connection");
  for (const Note& one : configuration.notes)
    if (!one.warning) tell(Level::kInfo, one.text);
  for (const std::string& text : daemon.notices()) tell(Level::kInfo, text);
  if (options.announce) {
    // Whoever does not take it can mount all the same.
    const std::string& place = options.mountpoint.empty() ? options.socket : options.mountpoint;
    if (const auto told = to_stdout(view(place + "\n")); !told)
      warn(fmt::format("{} could not be printed: {}", place, told.error().message));
  }

  // Whoever unmounts from outside wakes the loop too.
  std::thread watcher;
  if (Session* session = daemon.session())
    watcher = std::thread([session] {
      session->wait();
      ::kill(::getpid(), SIGUSR2);
    });
  if (!ready.ready()) {
    log(Level::kWarning, "whoever started this is gone: ending");
    end(daemon, true);
  } else {
    serve_signals(daemon, set, until);
  }
  notify_systemd("STOPPING=1");
  if (watcher.joinable()) watcher.join();
  daemon.close();
  return 0;
}

}  // namespace rfs
