#!/bin/sh
# To be sourced by a script of a job:  . scripts/ci/setup_gh_auth_and_p2p.sh
# Starts runnerfs where none answers (with GITHUB_TOKEN or GH_TOKEN of the environment, if there is one), and sets the
# variables under which other programs find its directories and options. No token is printed or written.
if ! command -v runnerfs >/dev/null 2>&1; then
  echo "runnerfs: error: runnerfs is not in PATH" >&2
  echo "hint: use the action setup-github-cache first, or install it" >&2
  return 1 2>/dev/null || exit 1
fi
if ! runnerfs status >/dev/null 2>&1; then
  runnerfs mount >/dev/null || runnerfs serve --background >/dev/null || { return 1 2>/dev/null || exit 1; }
fi
eval "$(runnerfs env)"
