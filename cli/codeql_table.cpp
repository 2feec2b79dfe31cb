// The rows of `runnerfs codeql`.
#include "cli/codeql.h"

namespace rfs {
namespace {

constexpr Flag kDirectory = {"--directory", "-C", "DIR", "as if the command had been started in DIR"};
constexpr Flag kMount = {"--mount", "", "DIR", "ask the daemon that is mounted at DIR"};
constexpr Flag kLanguage = {"--language", "", "LANGUAGE", "python, javascript-typescript, c-cpp, …"};
constexpr Flag kConfig = {"--config", "", "SUITE|JSON", "a query suite, or the configuration as a JSON object"};
constexpr Flag kVersion = {"--tool-version", "", "VERSION", "of CodeQL that would scan; unknown: results last codeql.cache_ttl"};
constexpr Flag kBuildMode = {"--build-mode", "", "MODE", "none, autobuild or manual"};
constexpr Flag kMode = {"--mode", "", "MODE", "auto, tree, inert, or commit (the key of the Python implementation)"};
constexpr Flag kCategory = {"--category", "", "CATEGORY", "of the analysis (/language:LANGUAGE)"};
constexpr Flag kCommit = {"--commit", "", "SHA", "the commit (HEAD)"};
constexpr Flag kSource = {"--source", "", "LIST", "where results come from: local, github, or local,github"};
constexpr Flag kJson = {"--json", "", "", "answer as JSON"};

constexpr Flag kCheckFlags[] = {
    kLanguage, kConfig, kVersion, kBuildMode, kMode, kCategory, kCommit, kSource,
    {"--changed-files", "", "FILE|-|RANGE", "names of changed files, one a line, or A..B: they can turn a skip into a scan"},
    {"--output", "-o", "FILE", "where the SARIF of a skip goes (a file below $RUNNER_TEMP)"},
    {"--github-output", "", "", "append the answer to $GITHUB_OUTPUT"},
    {"--exit-code", "", "", "exit 0 for skip, 1 for scan"},
    kJson, kDirectory, kMount};
constexpr Flag kPutFlags[] = {
    kLanguage, kConfig, kVersion, kBuildMode, kMode, kCategory, kCommit,
    {"--manifest", "", "FILE", "of `codeql key --json` before the scan, whatever is in the work tree by now"},
    {"--sign", "", "FILE", "with the key of `codeql keygen`, for jobs that believe it (codeql.writers)"},
    {"--scan-duration", "", "TIME", "how long the scan took: what a skip saves"},
    kJson, kDirectory, kMount};
constexpr Flag kGetFlags[] = {kLanguage, kConfig, kVersion, kBuildMode, kMode, kCategory, kCommit,
                              {"--output", "-o", "FILE", "where the SARIF goes (stdout)"}, kDirectory, kMount};
constexpr Flag kLsFlags[] = {kJson, kMount};
constexpr Flag kInvalidateFlags[] = {{"--language", "", "LANGUAGE", "of this language alone"},
                                     {"--config", "", "SUITE|JSON", "of this configuration alone"},
                                     {"--commit", "", "SHA", "of this commit alone"},
                                     {"--all", "", "", "all of the repository"},
                                     kMount};
constexpr Flag kKeyFlags[] = {kLanguage, kConfig, kVersion, kBuildMode, kMode, kCategory, kCommit, kSource, kJson, kDirectory};
constexpr Flag kExplainFlags[] = {kLanguage, kConfig, kVersion, kBuildMode, kMode,  kCategory,
                                  kCommit,   kSource, kJson,    kDirectory, kMount};
constexpr Flag kPrepareFlags[] = {kLanguage, kConfig, kVersion, kBuildMode, kMode, kCategory, kCommit, kSource,
                                  {"--output", "-o", "FILE", "where the SARIF goes"}, kDirectory, kMount};

}  // namespace

const Command kCodeqlCommands[9] = {
    {"codeql check", run_codeql_check, "can this scan be skipped?", "--language LANGUAGE --config SUITE|JSON [OPTION…]", 0, 0,
     kCheckFlags, true, false,
     "Prints skip or scan, the reason, and for a skip the path of the SARIF that stands for the scan. A skip means that a\n"
     "stored result, or one of GitHub's, is of exactly what would be scanned; every doubt, and every failure, is a scan.\n"
     "Exit 0 for both.",
     "  runnerfs codeql check --language python --config security-extended --tool-version 2.20.1 --github-output\n"
     "  runnerfs codeql check --source github --language go --config default --exit-code && echo nothing to do"},
    {"codeql put", run_codeql_put, "keep the result of a scan", "--language LANGUAGE --config SUITE|JSON [OPTION…] FILE", 1, 1,
     kPutFlags, true, false,
     "Checks that FILE is a whole SARIF of this scan and keeps it under the scan's key, so that a later job with the same key\n"
     "can skip. What is no ground for a skip (a changed work tree, several runs) is kept all the same, and said. Exit 32 when\n"
     "nothing could keep it.",
     "  runnerfs codeql put --language python --config security-extended --tool-version 2.20.1 results/python.sarif"},
    {"codeql get", run_codeql_get, "a stored result", "--language LANGUAGE --config SUITE|JSON [--commit SHA] [-o FILE]", 0, 0,
     kGetFlags, true, false,
     "Prints the SARIF that is stored for the commit, as it was stored; else that of another commit with the same key, and\n"
     "says so.",
     "  runnerfs codeql get --language python --config security-extended -o python.sarif"},
    {"codeql ls", run_codeql_ls, "which results are stored", "[OWNER/REPO[/COMMIT[/CONFIG]]]", 0, 1, kLsFlags, true, false,
     "One a line, the newest first: when, alerts, repository, commit, configuration, language, tool, and the class of trust or\n"
     "why it is no ground for a skip. With --json the summary of each.",
     "  runnerfs codeql ls octo/hello"},
    {"codeql invalidate", run_codeql_invalidate, "end stored results",
     "[--commit SHA] [--config SUITE|JSON] [--language LANGUAGE] [--all]", 0, 0, kInvalidateFlags, true, false,
     "Removes the results of the repository that all of these fit, and says how many.",
     "  runnerfs codeql invalidate --repo octo/hello --language python\n"
     "  runnerfs codeql invalidate --repo octo/hello --all"},
    {"codeql key", run_codeql_key, "the key of a scan", "--language LANGUAGE --config SUITE|JSON [--json]", 0, 0, kKeyFlags, true,
     false, "Prints the key: equal keys mean that a scan sees the same. With --json all that it is made of.",
     "  runnerfs codeql key --json --language python --config security-extended"},
    {"codeql keygen", run_codeql_keygen, "make a writer's pair of keys", "FILE", 1, 1, {}, false, false,
     "Writes the secret half to FILE, which must not be there yet, and prints the public half as a line of the configuration.\n"
     "What `codeql put --sign FILE` stores is relied on wherever codeql.writers names the public half.",
     "  runnerfs codeql keygen writer.key >> ~/.config/runnerfs/config.yml"},
    {"codeql explain", run_codeql_explain, "why a check hits or misses", "--language LANGUAGE --config SUITE|JSON [--json]", 0, 0,
     kExplainFlags, true, false,
     "Shows the answer of `check`, what speaks against any result, the results that were looked at, and the inputs of the key.",
     "  runnerfs codeql explain --language python --config security-extended"},
    {"codeql prepare-upload", run_codeql_prepare_upload, "a reused result, truthful for this commit",
     "--language LANGUAGE --config SUITE|JSON --output FILE [OPTION…]", 0, 0, kPrepareFlags, true, false,
     "Writes the SARIF that stands for the scan so that it can be uploaded for this commit: results and fingerprints byte for\n"
     "byte, provenance rewritten, runs[].properties[\"runnerfs.reusedFrom\"] added. Fails, and writes nothing, when a file that a\n"
     "result names differs.",
     "  runnerfs codeql prepare-upload --language python --config security-extended --output results/python.sarif"},
};

}  // namespace rfs
