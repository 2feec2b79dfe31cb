// The rows of `runnerfs audit`.
#include "cli/audit.h"

namespace rfs {
namespace {

constexpr Flag kDirectory = {"--directory", "", "DIR", "where the log is, if not where the configuration keeps credentials"};

constexpr Flag kVerifyFlags[] = {
    {"--key", "", "FILE", "the log's key, or the owner's that audit.seal is sealed to: checks each MAC too"},
    {"--anchor", "", "SEQ:MAC", "a line that was noted elsewhere and must be there; may be repeated"},
    {"--json", "", "", "answer as JSON"},
    kDirectory};
constexpr Flag kTailFlags[] = {
    {"--lines", "-n", "N", "how many (10)"}, {"--follow", "-f", "", "go on with what is written"}, kDirectory};
constexpr Flag kExportFlags[] = {
    {"--since", "", "TIME", "not before: 2026-01-31T12:00:00Z, or 24h ago"},
    {"--until", "", "TIME", "before it"},
    {"--action", "", "ACTION", "only store, access_granted, access_denied, …"},
    {"--credential", "", "NAME", "only of this one"},
    {"--head", "", "", "the number and MAC of the last line as a line of its own, at the end"},
    kDirectory};
constexpr Flag kHeadFlags[] = {kDirectory};

}  // namespace

const Command kAuditCommands[5] = {
    {"audit verify", run_audit_verify, "check the log", "[--key FILE] [--anchor SEQ:MAC]… [--json]", 0, 0, kVerifyFlags,
     false, false,
     "Checks every line of audit.log and of the files rotated away. Exit 0: whole. Else the first line that is wrong\n"
     "is named, and why. Without the log's key it is checked for damage, not for forgery. The credentials store, where "
     "its\n"
     "key can be had, vouches for the last line that it knows.",
     "  runnerfs audit verify --key audit-key --anchor \"$NOTED\""},
    {"audit tail", run_audit_tail, "print the last lines", "[-n N] [-f]", 0, 0, kTailFlags, false, false,
     "Prints the last lines of the log, one JSON object each.",
     "  runnerfs audit tail -n 50 | jq -r '[.timestamp, .action, .credential] | @tsv'"},
    {"audit export", run_audit_export, "print all lines, or some", "[OPTION…]", 0, 0, kExportFlags, false, false,
     "Prints the lines of all files in their order, byte for byte, or those that were asked for.",
     "  runnerfs audit export --since 24h --action access_denied\n  runnerfs audit export --head > log.jsonl"},
    {"audit head", run_audit_head, "print the number and MAC of the last line", "", 0, 0, kHeadFlags, false, false,
     "Prints an anchor: kept outside of the log's directory, it shows a later `verify` what was cut or forged.",
     "  runnerfs audit head >> \"$GITHUB_STEP_SUMMARY\""},
    {"audit keygen", run_audit_keygen, "make an owner's pair of keys", "FILE", 1, 1, {}, false, false,
     "Writes the secret half to FILE, which must not be there yet, and prints the public half as a line of the\n"
     "configuration: a log that is made under it leaves its key, sealed to the owner, in audit.seal. Keep FILE elsewhere.",
     "  runnerfs audit keygen owner.key >> ~/.config/runnerfs/config.yml"},
};

}  // namespace rfs
