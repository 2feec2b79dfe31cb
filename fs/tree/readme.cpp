#include "fs/tree/readme.h"

namespace rfs {

const char* const kApiReadme = R"(api/ holds answers of the GitHub REST API as files, fetched when they are read and cached.

    cat repos/octo/hello.json                                     GET /repos/octo/hello
    cat repos/octo/hello/actions/runs@status=success.json         … ?status=success, safe in any shell
    cat 'repos/octo/hello/actions/runs.json?status=success'       the same file
    cat repos/octo/hello/contents/README.md.raw                   the file itself
    cat repos/octo/hello/contents/src/main.c@ref=v1.2.raw         … at a tag
    cat repos/octo/hello/pulls/7.diff                             also .patch .html .sarif .bin
    head -n 5 repos/octo/hello/issues.jsonl                       all pages, one element a line
    cat .now/repos/octo/hello.json                                asks GitHub in any case

A name without a suffix is a directory. Directories exist by name alone and list what is cached, no more: find, ls and
completion never make a request. A repository called "x.json" is x.json.json, and x%2Ejson/ as a directory; one called
".github" is %2Egithub. In a query '/' is %2F; in a value '@' is %40.

    getfattr -d FILE              where the bytes come from, their age, what is left of the rate limit
    tail ../.runnerfs/errors.jsonl     why a read failed, and what to do

Only GET is sent. More: man 7 runnerfs
)";

const char* const kCacheReadme = R"(cache/ holds results of operations by key: operation:argument:…:name=value…, any JSON document each.

    gh repo list octo --json name > list_repos:octo      put; what is no JSON is refused when the file is closed
    cat list_repos:octo                                  get
    rm list_repos:octo                                   invalidate; rm 'list_repos*' does so by pattern
    setfattr -n user.runnerfs.ttl -v 24h list_repos:octo keep it that long
    getfattr -d list_repos:octo                          its TTL, age and origin

In a name '/' is written %2F and '%' %25. Without a TTL of its own an entry has its operation's (the text before the
first ':'), else the default. Many programs ignore an error at close: `runnerfs put` does not.

More: man 7 runnerfs
)";

const char* const kCodeqlReadme = R"(codeql/ holds results of scans: OWNER/REPO/COMMIT/CONFIG/LANGUAGE.sarif, sealed on disk.

    cp results/python.sarif octo/hello/$SHA/security-extended/python.sarif     store; what is no SARIF is refused
    cp octo/hello/$SHA/security-extended/python.sarif .                        read
    jq .severity_breakdown octo/hello/$SHA/security-extended/python.json       its summary
    cat octo/hello/$SHA/security-extended/python.explain                       what it is good for, or what there is
    cp octo/hello/$SHA/github/python.sarif .                                   GitHub's own analysis of the commit
    rm octo/hello/$SHA/security-extended/python.sarif                          invalidate; rmdir a whole directory

CONFIG is a query suite, or sha256-HEX of a configuration. A result that was copied here is read, but is no ground to
skip a scan: `runnerfs codeql put` stores it with the key of its scan, and `runnerfs codeql check` goes by that.

More: man 7 runnerfs, runnerfs codeql --help
)";

const char* const kInfoReadme = R"(.runnerfs/ is this filesystem explaining itself. Every file is made when it is opened; nothing here asks GitHub.

    stats.json        hits, misses, requests made and saved, since the mount
    metrics           the same and more, for Prometheus
    ratelimit.json    what GitHub's answers said about the limits
    errors.jsonl      the last 1,000 failures: path, errno, what went wrong, what to do
    config.yml        the configuration in effect, and where each value came from
    peers.json        other runners that this one is connected to
    ctl               one command a line: invalidate PATTERN, flush, validate KEY FIELDS, log LEVEL, secret cleanup,
                      secret rekey

More: man 7 runnerfs
)";

const char* const kSecretsReadme = R"readme(secrets/ holds credentials: sealed on disk, opened when they are read, each access a line in the audit log.

    curl -H "Authorization: Bearer $(cat API_KEY)" …     read one
    printf %s "$VALUE" > API_KEY                          store one, or rotate it; it takes effect when closed
    setfattr -n user.runnerfs.ttl -v 24h API_KEY          it ends in 24 hours
    getfattr -d API_KEY                                   its scope, version and end
    rm API_KEY                                            remove it
    printf %s "$VALUE" > .scopes/repo/octo/hello/API_KEY  for one repository
    ls .scopes/global                                     also workflow/OWNER/REPO/FILE and runner/ID

The names here are those that this mount's context sees: of a name in several scopes the narrowest wins (runner, workflow,
repo, global). The context is fixed when mounting. A value is at most 1 MiB; no newline is added or taken.

In isolation `job` and `user` (getfattr -d .) scopes are advisory: every process of this user is one reader.

More: man 7 runnerfs, runnerfs secret --help
)readme";

}  // namespace rfs
