"""Words for the tests of secrets/: the audit log, and the four scopes with a context that matches and one that does not."""

import json
import os

CONTEXT = ("--repo", "octo/hello", "--workflow", "build.yml", "--runner", "runner-1")
# Scope → (the directory that the context above reads, one that it does not), below secrets/.scopes/.
SCOPES = {
    "global": ("global", None),
    "repo": ("repo/octo/hello", "repo/octo/other"),
    "workflow": ("workflow/octo/hello/build.yml", "workflow/octo/hello/release.yml"),
    "runner": ("runner/runner-1", "runner/runner-2"),
}
FULL_ID = {"global": "global", "repo": "repo:octo/hello", "workflow": "workflow:octo/hello/build.yml", "runner": "runner:runner-1"}


def audit(home):
    """Every line of the audit log as an object, oldest first."""
    with open(home.join(".credentials/audit.log"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def since(home, number):
    """The lines after the first `number`, without those that only say that a change was committed."""
    return [line for line in audit(home)[number:] if line["action"] != "committed"]


def names(directory):
    return sorted(name for name in os.listdir(directory) if name != "README")
