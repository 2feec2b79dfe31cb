"""A git repository that a test makes, results of scans of it, and the questions of `runnerfs codeql`."""

import json
import os
import subprocess

SCAN = ["--language", "python", "--config", "security-extended", "--tool-version", "2.20.1"]
WORKFLOW = """on: push
env:
  CODEQL_THREADS: 2
jobs:
  scan:
    steps:
      - uses: github/codeql-action/init@0123456789012345678901234567890123456789
"""


def sarif(path="app.py", count=1, version="2.20.1", category="/language:python", **run):
    """As CodeQL writes it: one run, `count` results about one file."""
    results = [{"ruleId": "py/eval", "message": {"text": f"result {number}"}, "partialFingerprints": {"primaryLocationLineHash": f"{number}:1"},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%"}, "region": {"startLine": number + 1}}}]}
               for number in range(count)]
    one = {"tool": {"driver": {"name": "CodeQL", "semanticVersion": version, "rules": [
        {"id": "py/eval", "defaultConfiguration": {"level": "error"}, "properties": {"security-severity": "9.3"}}]}},
        "automationDetails": {"id": category + "/"}, "results": results,
        "properties": {"jobRunUuid": "11111111-2222-3333-4444-555555555555", "metricResults": []}}
    one.update(run)
    return json.dumps({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [one]})


def big_sarif(size):
    """Pieces of about 1 MiB of a SARIF of at least `size` bytes, in all."""
    head, tail = sarif(count=1).split('"results": [', 1)
    result, tail = tail.split("}], \"properties\"", 1)
    yield (head + '"results": [').encode()
    one = (result + "},\n").encode()
    many = max(1, (1 << 20) // len(one))
    for _ in range(-(-size // (many * len(one)))):
        yield one * many
    yield (result + "}], \"properties\"" + tail).encode()


class Repo:
    def __init__(self, root, *init):
        self.root = str(root)
        self.home = self.root + ".home"
        os.makedirs(self.home, exist_ok=True)
        os.makedirs(self.root)
        self.git("init", "-q", "-b", "main", *init)
        self.write("app.py", "print('hello')\n")
        self.write("lib/tool.py", "import os\n")
        self.write("README.md", "# hello\n")
        self.write("run.sh", "#!/bin/sh\n")
        self.write(".github/workflows/scan.yml", WORKFLOW)
        self.commit("first")

    def git(self, *words, at=None):
        environment = {"PATH": os.environ["PATH"], "HOME": self.home, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
                       "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
                       "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"}
        return subprocess.run(["git", "-C", at or self.root, *words], env=environment, check=True, capture_output=True, text=True).stdout.strip()

    def join(self, name):
        return os.path.join(self.root, name)

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.join(name)), exist_ok=True)
        with open(self.join(name), "w", encoding="utf-8") as file:
            file.write(content)

    def commit(self, message="change"):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.head()

    def head(self):
        return self.git("rev-parse", "HEAD")

    def tree(self, commit="HEAD"):
        return self.git("rev-parse", commit + "^{tree}")


def outputs(text):
    """GITHUB_OUTPUT as the runner reads it."""
    found, lines = {}, text.split("\n")
    while lines:
        line = lines.pop(0)
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1:]
            continue
        assert heredoc > 0, line
        name, delimiter, value = line[:heredoc], line[heredoc + 2:], []
        while lines[0] != delimiter:
            value.append(lines.pop(0))
        lines.pop(0)
        found[name] = "\n".join(value)
    return found
