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
constexpr Flag kKeyFlags[] = {kLanguage, kConfig, kVersion, kBuildMode, kMode, kCategory, kCommit, kSource, kJson, kDirectory};
constexpr Flag kExplainFlags[] = {kLanguage, kConfig, kVersion, kBuildMode, kMode,  kCategory,
                                  kCommit,   kSource, kJson,    kDirectory, kMount};
constexpr Flag kPrepareFlags[] = {kLanguage, kConfig, kVersion, kBuildMode, kMode, kCategory, kCommit, kSource,
                                  {"--output", "-o", "FILE", "where the SARIF goes"}, kDirectory, kMount};

}  // namespace

const Command kCodeqlCommands[4] = {
    {"codeql check", run_codeql_check, "can this scan be skipped?", "--language LANGUAGE --config SUITE|JSON [OPTION…]", 0, 0,
     kCheckFlags, true, false,
     "Prints skip or scan, the reason, and for a skip the path of the SARIF that stands for the scan. A skip means that a\n"
     "stored result, or one of GitHub's, is of exactly what would be scanned; every doubt, and every failure, is a scan.\n"
     "Exit 0 for both.",
     "  runnerfs codeql check --language python --config security-extended --tool-version 2.20.1 --github-output\n"
     "  runnerfs codeql check --source github --language go --config default --exit-code && echo nothing to do"},
    {"codeql key", run_codeql_key, "the key of a scan", "--language LANGUAGE --config SUITE|JSON [--json]", 0, 0, kKeyFlags, true,
     false, "Prints the key: equal keys mean that a scan sees the same. With --json all that it is made of.",
     "  runnerfs codeql key --json --language python --config security-extended"},
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
