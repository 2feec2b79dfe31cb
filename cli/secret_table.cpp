// The rows of `runnerfs secret`.
#include "cli/secret.h"

namespace rfs {
namespace {

constexpr Flag kMount = {"--mount", "", "DIR", "ask the daemon that is mounted at DIR"};
constexpr Flag kScope = {"--scope", "", "SCOPE", "global, repo, workflow or runner"};
constexpr Flag kFilter = {"--filter", "", "FILTER",
                          "owner/repo, owner/repo/FILE or a runner's id; else the mount's own"};
constexpr Flag kTtl = {"--ttl", "", "TIME", "when it ends: 90, 10s, 5m, 24h"};
constexpr Flag kShow = {"--show", "", "", "also to a terminal"};
constexpr Flag kJsonLines = {"--json", "", "", "one JSON object a line"};
constexpr Flag kStrip = {"--strip", "", "", "leave out one newline at the end"};
constexpr Flag kEmpty = {"--allow-empty", "", "", "store an empty value"};
constexpr Flag kDescriptor = {"--fd", "", "N", "read the value from descriptor N instead of stdin"};
constexpr Flag kUntrusted = {"--allow-untrusted", "", "", "readable where GitHub gives no secrets: forks, Dependabot"};

constexpr Flag kCommand = {"--from-command", "", "COMMAND", "take the value from what this command prints"};
constexpr Flag kRefresh = {"--refresh", "", "TIME",
                           "and again so often, as long as the daemon runs; a failure keeps the old value"};
constexpr Flag kForeground = {"--foreground", "-f", "", "with --refresh: stay, until ended"};

constexpr Flag kPutFlags[] = {kScope,      kFilter,    kTtl,     kStrip,   kEmpty,
                              kDescriptor, kUntrusted, kCommand, kRefresh, kForeground, kMount};
constexpr Flag kGetFlags[] = {kScope, kFilter, kShow, kMount};
constexpr Flag kLsFlags[] = {
    kScope, kFilter, {"--all", "", "", "every scope, not only what the context sees"}, kJsonLines, kMount};
constexpr Flag kRmFlags[] = {kScope, kFilter, kMount};
constexpr Flag kKeepFlags[] = {kMount};
constexpr Flag kRekeyFlags[] = {
    {"--root", "", "", "replace the root key of all stores, where it is kept"}, kShow, kMount};
constexpr Flag kImportFlags[] = {
    kScope,
    kFilter,
    kTtl,
    {"--from-dir", "", "DIR", "one file a credential: a Kubernetes Secret, systemd credentials"},
    {"--key-file", "", "FILE", "the .master_key that opens a credentials.json.enc"},
    kMount};
constexpr Flag kRunFlags[] = {{"--secret", "", "NAME", "this credential; may be repeated (all that the context sees)"},
                              {"--env", "", "VAR=NAME", "put NAME into the variable VAR; may be repeated"},
                              kMount};

constexpr std::size_t kAny = 1u << 20;

}  // namespace

const Command kSecretCommands[10] = {
    {"secret put", run_secret_put, "store a credential, or rotate it", "[OPTION…] NAME <VALUE", 1, kAny, kPutFlags,
     true, false,
     "Stores what stdin holds, byte for byte, under NAME: where the mount's context sees it, else in its repository's "
     "scope,\n"
     "else global. A value is never taken from the command line. Warns of a lone newline at the end.",
     "  printf %s \"$VALUE\" | runnerfs secret put API_KEY --ttl 24h\n"
     "  runnerfs secret put DEPLOY_KEY --scope repo --filter octo/hello < key.pem"},
    {"secret rotate", run_secret_rotate, "replace a credential's value", "[OPTION…] NAME <VALUE", 1, kAny, kPutFlags,
     true, false, "As put, but NAME must be there. Its time to live begins anew; who has the old value open keeps it.",
     "  openssl rand -hex 32 | runnerfs secret rotate --strip API_KEY"},
    {"secret get", run_secret_get, "print a credential's value", "[OPTION…] NAME", 1, 1, kGetFlags, true, false,
     "Prints the value, byte for byte; not to a terminal unless --show is given.",
     "  curl -H \"Authorization: Bearer $(runnerfs secret get API_KEY)\" …"},
    {"secret ls", run_secret_ls, "list credentials", "[--all] [--json] [OPTION…]", 0, 0, kLsFlags, true, false,
     "Lists what the mount's context sees, or one scope, or all: name, end, version, size and scope; no values.",
     "  runnerfs secret ls\n  runnerfs secret ls --all --json | jq -r .name"},
    {"secret rm", run_secret_rm, "remove credentials", "[OPTION…] NAME…", 1, kAny, kRmFlags, true, false,
     "Removes credentials. They are unreadable for good only after `runnerfs secret rekey`.",
     "  runnerfs secret rm API_KEY"},
    {"secret cleanup", run_secret_cleanup, "remove what is expired", "", 0, 0, kKeepFlags, true, false,
     "Removes every credential whose time is over.", "  runnerfs secret cleanup"},
    {"secret rekey", run_secret_rekey, "seal everything under a new key", "[--root]", 0, 0, kRekeyFlags, true, false,
     "Makes a new key, seals every credential under it while others use the store, and erases the old key: copies of "
     "the\n"
     "store that were made before are then unreadable. Goes on where an interrupted one stopped. With --root the root "
     "key\n"
     "of all stores is replaced instead, at its source; copies of a store and of the key that were made before still fit\n"
     "each other.",
     "  runnerfs secret rekey\n  runnerfs secret rekey --root && runnerfs secret rekey"},
    {"secret import", run_secret_import, "store many", "[OPTION…] - | FILE | --from-dir DIR", 0, 1, kImportFlags, true,
     false,
     "Stores the credentials of a JSON array of {\"name\", \"value\", \"scope\", \"scope_filter\", \"ttl_hours\"}, of "
     "a directory\n"
     "with one file each, or of a credentials.json.enc of the Python implementation. All is checked before any is "
     "stored.",
     "  runnerfs secret import - < credentials.json\n  runnerfs secret import --from-dir /run/secrets --scope global\n"
     "  runnerfs secret import ~/.credentials/credentials.json.enc --key-file ~/.credentials/.master_key"},
    {"secret export", run_secret_export, "print credentials as `import` takes them", "[OPTION…]", 0, 0, kGetFlags, true,
     false, "Prints a JSON array with the values in clear; not to a terminal unless --show is given.",
     "  runnerfs secret export | age -r RECIPIENT > backup.age"},
    {"secret run",
     run_secret_run,
     "run a command with credentials as files",
     "[OPTION…] [--] COMMAND [ARGUMENT…]",
     1,
     kAny,
     kRunFlags,
     true,
     false,
     "Runs COMMAND with $SECRETS_DIRECTORY/NAME for each credential: files in memory that only it and its children "
     "hold.\n"
     "Nothing is put into its environment but what --env names. Answers its exit code.",
     "  runnerfs secret run --secret API_KEY -- sh -c 'login --token-file $SECRETS_DIRECTORY/API_KEY'\n"
     "  runnerfs secret run --env GH_TOKEN=API_KEY -- gh repo list",
     false,
     {},
     true},
};

}  // namespace rfs
