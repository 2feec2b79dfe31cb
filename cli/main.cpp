// The table of contents: every command, by name. What each does is in the file of its name; what it works with is built
// by Daemon (daemon.h).
#include <fcntl.h>
#include <fmt/format.h>

#include <csignal>

#include "base/secret.h"
#include "cli/action.h"
#include "cli/audit.h"
#include "cli/codeql.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/parse.h"
#include "cli/secret.h"
#include "cli/snapshot.h"

namespace rfs {
namespace {

constexpr Flag kMountFlags[] = {
    {"--foreground", "-f", "", "stay in the foreground: the process started is the daemon"}};
constexpr Flag kServeFlags[] = {{"--foreground", "-f", "", "stay in the foreground, as it does anyway"},
                                {"--background", "-b", "", "return when the socket is ready"},
                                {"--stop", "", "", "end the daemon on the socket, and return when it is gone"}};
constexpr Flag kUmountFlags[] = {{"--lazy", "-l", "", "detach at once; who holds it keeps its open files"}};
constexpr Flag kMountFlag = {"--mount", "", "DIR", "ask the daemon that is mounted at DIR"};
constexpr Flag kJson = {"--json", "", "", "answer as JSON"};
constexpr Flag kCatFlags[] = {{"--fresh", "", "", "ask GitHub in any case"}, kMountFlag};
constexpr Flag kLsFlags[] = {
    {"--long", "-l", "", "mode, size and time too"}, {"--json", "", "", "one JSON object a line"}, kMountFlag};
constexpr Flag kPutFlags[] = {{"--ttl", "", "TIME", "how long it lives: 90, 10s, 5m, 24h"}, kMountFlag};
constexpr Flag kReachFlags[] = {kMountFlag};
constexpr Flag kStatFlags[] = {{"--no-fetch", "", "", "show what is held, and ask nobody"}, kJson, kMountFlag};
constexpr Flag kStatsFlags[] = {{"--total", "", "", "since the store was made"},
                                {"--zero", "-z", "", "begin to count anew"},
                                {"--json", "", "", "answer as JSON, as it does anyway"},
                                kMountFlag};
constexpr Flag kStatusFlags[] = {
    {"--watch", "-w", "", "again and again"}, {"--interval", "", "TIME", "how often (2s)"}, kJson, kMountFlag};
constexpr Flag kDoctorFlags[] = {{"--peers", "", "", "look at peers closely: a secret must be there, named ones are dialled"}};
constexpr Flag kPeersFlags[] = {kJson, kMountFlag};
constexpr Flag kConfigFlags[] = {kJson};
constexpr Flag kMaskFlags[] = {{"--show", "", "", "also to a terminal"}, kMountFlag};

constexpr std::size_t kAny = 1u << 20;

constexpr Command kCommands[] = {
    {"mount", run_mount, "mount the tree on a directory", "[-f] [-o OPT,…] [OPTION…] [[SOURCE] DIR]", 0, 2, kMountFlags,
     true, true,
     "Mounts the tree on DIR, or on $XDG_RUNTIME_DIR/runnerfs (/run/runnerfs as root, else /tmp/runnerfs-UID), and "
     "returns\n"
     "when it can be read. A dead mount of runnerfs is cleaned first. Also as mount(8) calls it: SOURCE DIR -o OPT,…; "
     "an\n"
     "owner/repo as SOURCE is the repository of the mount.",
     "  runnerfs mount ~/rfs\n  runnerfs mount -f --token-file /run/secrets/token\n  mount -t fuse.runnerfs octo/hello "
     "/mnt -o ro,allow_other"},
    {"serve", run_serve, "the same daemon without a mount, on a Unix socket", "[-b | --stop] [OPTION…]", 0, 0, kServeFlags, true,
     true, "Serves the tree on a Unix socket, for machines without /dev/fuse. cat, ls, put, rm and stat use it.",
     "  runnerfs serve --background\n  runnerfs cat api/user.json\n  runnerfs serve --stop"},
    {"umount", run_umount, "unmount, and end the daemon", "[-l] [DIR]", 0, 1, kUmountFlags, true, false,
     "Answers whoever waits with an error, unmounts DIR (or the default place), and returns when the daemon is gone, "
     "within\n"
     "10 s. Who holds the mount is named.",
     "  runnerfs umount ~/rfs\n  runnerfs umount -l ~/rfs"},
    {"init",
     run_init,
     "decide where the root key is kept",
     "[--key-source KIND] [OPTION…]",
     0,
     0,
     {},
     true,
     false,
     "Makes the root key of the stores and records where it is kept, as the first mount would.",
     "  runnerfs init --key-source keyring"},
    {"keygen",
     run_keygen,
     "print a new fleet secret",
     "",
     0,
     0,
     {},
     false,
     false,
     "Prints 32 random bytes with check digits, rfs1-…: one secret for a fleet of runners.",
     "  runnerfs keygen | gh secret set CACHE_P2P_SHARED_SECRET"},
    {"status", run_status, "what the daemon is doing", "[--watch] [--json]", 0, 0, kStatusFlags, true, false,
     "Shows the daemon: where it is mounted, its keys, stores, token and limits, and what is weak or broken.",
     "  runnerfs status\n  runnerfs status --json | jq .store"},
    {"path",
     run_path,
     "the path of a URL of the API",
     "URL…",
     1,
     kAny,
     {},
     true,
     false,
     "Prints the path below the mountpoint that stands for a URL of the API, in the spelling that needs no quotes.",
     "  runnerfs path 'https://api.github.com/repos/octo/hello/actions/runs?status=success'"},
    {"why", run_why, "why a path is answered as it is", "PATH", 1, 1, kReachFlags, true, false,
     "Shows the request behind a path, its route and time to live, what is held of it, and what the next reader gets.\n"
     "Asks nobody.",
     "  runnerfs why api/repos/octo/hello.json"},
    {"cat", run_cat, "print files of the tree", "[--fresh] PATH…", 1, kAny, kCatFlags, true, false,
     "Prints files of the tree, with or without a mount. PATH is a path of the tree, an absolute path below a mount, "
     "or a\n"
     "URL of the API; {owner} and {repo} stand for the repository of the job, else of the work tree.",
     "  runnerfs cat api/repos/{owner}/{repo}/releases/latest.json\n  runnerfs cat --fresh "
     "https://api.github.com/user"},
    {"ls", run_ls, "list a directory of the tree", "[-l] [--json] [PATH…]", 0, kAny, kLsFlags, true, false,
     "Lists what is held. Asks nobody.", "  runnerfs ls -l api/repos/octo/hello"},
    {"put", run_put, "write a file of the tree", "[--ttl TIME] PATH [FILE]", 1, 2, kPutFlags, true, false,
     "Writes FILE, or stdin, to a path below cache/, and fails when it was not stored.",
     "  gh repo list octo --json name | runnerfs put cache/list_repos:octo\n  runnerfs put --ttl 24h cache/report "
     "report.json"},
    {"rm", run_rm, "remove files of the tree", "PATH…", 1, kAny, kReachFlags, true, false,
     "Removes entries below cache/; * and ? in the last part are a pattern.", "  runnerfs rm 'cache/list_repos*'"},
    {"stat", run_stat, "what is known of a file", "[--no-fetch] [--json] PATH…", 1, kAny, kStatFlags, true, false,
     "Shows size, time and extended attributes; asks GitHub when nothing is held.",
     "  runnerfs stat --json api/user.json"},
    {"stats", run_stats, "counts of hits, misses and calls", "[--total] [-z]", 0, 0, kStatsFlags, true, false,
     "Prints .runnerfs/stats.json: counts since the mount, or since the store was made.", "  runnerfs stats --total"},
    {"action",
     nullptr,
     "a step of a GitHub Actions job",
     "main|post NAME",
     1,
     kAny,
     {},
     false,
     false,
     "What the actions of runnerfs do in a job; their JavaScript only finds this program and starts it. By hand it is of\n"
     "use where one looks for what a step did: it takes INPUT_* and the runner's variables from the environment.",
     "  INPUT_FROM-ENV=API_KEY runnerfs action main inject-credentials",
     false,
     kActionCommands},
    {"peers", run_peers, "who shares answers with this runner", "[--json]", 0, 0, kPeersFlags, true, false,
     "Shows this node and the peers that are connected: address, latency, what they proved, and what was given to them,\n"
     "had from them and refused.",
     "  runnerfs peers\n  echo peer add /ip4/192.0.2.7/tcp/9000 > ~/rfs/.runnerfs/ctl"},
    {"audit",
     nullptr,
     "check and read the log of accesses to credentials",
     "COMMAND [OPTION…]",
     1,
     kAny,
     {},
     false,
     false,
     "Every access to a credential is a line of audit.log, in a chain of MACs: runnerfs-audit(7). These commands read\n"
     "the files of the log, beside any daemon.",
     "  runnerfs audit verify\n  runnerfs audit tail -n 20",
     false,
     kAuditCommands},
    {"codeql",
     nullptr,
     "skip scans of code that has not changed",
     "COMMAND [OPTION…]",
     1,
     kAny,
     {},
     true,
     false,
     "Results of CodeQL scans by what they depend on: the same files, configuration, tool and machine have the same\n"
     "key. Repository, event and ref come from GITHUB_*; the checkout is the current directory.",
     "  runnerfs codeql check --language python --config security-extended --github-output\n  runnerfs codeql explain "
     "--language python --config security-extended",
     false,
     kCodeqlCommands},
    {"secret",
     nullptr,
     "store, read and keep credentials",
     "COMMAND [OPTION…]",
     1,
     kAny,
     {},
     true,
     false,
     "Credentials by name and scope: what secrets/ of a mount shows. Beside a daemon the commands go through its "
     "socket\n"
     "and work under its context; else they open the store themselves.",
     "  printf %s \"$VALUE\" | runnerfs secret put API_KEY --ttl 24h\n  runnerfs secret get API_KEY | docker login …",
     false,
     kSecretCommands},
    {"snapshot",
     nullptr,
     "keep what is held for later jobs, and take it in",
     "COMMAND [OPTION…]",
     1,
     kAny,
     {},
     true,
     false,
     "A machine that is thrown away after its job keeps nothing. A snapshot takes its answers to the next one: through\n"
     "the Actions cache, or a directory.",
     "  runnerfs snapshot restore\n  runnerfs snapshot save",
     false,
     kSnapshotCommands},
    {"mask", run_mask, "print ::add-mask:: lines for credentials", "[--show] [NAME… | -]", 0, kAny, kMaskFlags, true,
     false,
     "Prints the lines that make GitHub's runner hide credentials in the log of a job: all that the context sees, "
     "those\n"
     "named, or what stdin holds. Every line of a value, the leaves of JSON, base64 and hex, escaped as the runner "
     "wants.",
     "  runnerfs mask API_KEY\n  openssl rand -hex 16 | tee key | runnerfs mask -"},
    {"config", run_config, "the effective configuration", "[--json]", 0, 0, kConfigFlags, true, false,
     "Prints every option with its value and where that came from, then what was read without an effect.",
     "  runnerfs config --json"},
    {"env",
     run_env,
     "the daemon and the options as shell commands",
     "",
     0,
     0,
     {},
     true,
     false,
     "Prints `export NAME='VALUE'` lines that a script evaluates to work with the same daemon, directories and options.\n"
     "No token is among them.",
     "  eval \"$(runnerfs env)\""},
    {"doctor",
     run_doctor,
     "look for the cause of trouble",
     "[--peers]",
     0,
     0,
     kDoctorFlags,
     true,
     false,
     "Checks what a mount needs, in the order in which one thing causes the next. Exit 1 when something fails.",
     "  runnerfs doctor\n  runnerfs doctor --peers"},
    {"version", run_version, "print the version", "", 0, 0, {}, false, false, "Prints the version.", ""},
    {"help",
     run_help,
     "print this list, or the help of a command",
     "[COMMAND]",
     0,
     2,
     {},
     false,
     false,
     "Prints the commands, or the help of one.",
     "  runnerfs help mount"},
    {"list-options",
     run_list_options,
     "",
     "",
     0,
     0,
     {},
     false,
     false,
     "Every command and option, one a line.",
     "",
     true},
    {"keyring-helper", run_keyring_helper, "", "", 0, 1, {}, false, false, "Talks to the keyring.", "", true},
};

}  // namespace

std::span<const Command> command_table() { return kCommands; }

const Command* find_command(std::string_view name) {
  for (const Command& command : kCommands)
    if (name == command.name) return &command;
  return nullptr;
}

const Command* find_subcommand(const Command& command, std::string_view word) {
  for (const Command& sub : command.subcommands) {
    const std::string_view name = sub.name;
    if (name.substr(name.find(' ') + 1) == word) return &sub;
  }
  return nullptr;
}

namespace {

int run(const Command& command, const std::vector<std::string>& arguments) {
  if (!command.subcommands.empty() && !arguments.empty()) {
    if (const Command* sub = find_subcommand(command, arguments[0]))
      return run(*sub, {arguments.begin() + 1, arguments.end()});
  }
  if (wants_help(arguments)) return print(help_text(command));
  if (!command.subcommands.empty())
    return report({Code::kUsage,
                   arguments.empty() ? fmt::format("{}: something is missing", command.name)
                                     : fmt::format("{}: there is no command '{}'", command.name, arguments[0]),
                   fmt::format("`runnerfs {} --help` lists its commands", command.name)});
  const auto given = parse_arguments(command, arguments);
  if (!given && command.run == run_codeql_check) codeql_check_refused(arguments);
  return given ? command.run(*given) : report(given.error());
}

int dispatch(std::vector<std::string> words) {
  if (words.empty()) return report({Code::kUsage, "no command", "`runnerfs help` lists the commands"});
  if (words[0] == "--help" || words[0] == "-h") words[0] = "help";
  if (words[0] == "--version" || words[0] == "-V") words[0] = "version";
  if (const Command* command = find_command(words[0])) return run(*command, {words.begin() + 1, words.end()});
  // mount(8) and mount.fuse3 call a helper as SOURCE DIR [-o OPT,…].
  if (words.size() >= 2 && words[1].starts_with("/") && !words[0].starts_with("-"))
    return run(*find_command("mount"), words);
  return report(
      {Code::kUsage, fmt::format("there is no command '{}'", words[0]), "`runnerfs help` lists the commands"});
}

// A program may be started without stdin, stdout or stderr. The next file that is opened would take the number, and
// be written to as if it were stdout: each is held by a descriptor that cannot be used the way it is meant.
void hold_standard_descriptors() {
  while (true) {
    const int fd = ::open("/dev/null", O_RDONLY);
    if (fd < 0) return;
    if (fd == 0) {
      ::close(fd);
      (void)::open("/dev/null", O_WRONLY);
    } else if (fd > 2) {
      ::close(fd);
      return;
    }
  }
}

}  // namespace
}  // namespace rfs

int main(int argc, char** argv) {
  rfs::hold_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);
  if (!rfs::secret_setup())
    return rfs::report({rfs::Code::kBroken, "this machine gives no random numbers", "check /dev/urandom"});
  return rfs::dispatch({argv + 1, argv + argc});
}
