"""A day of a team's jobs, made up but the same at each run: three repositories, one of them private, pushes, pull requests,
and jobs that read GitHub's API as build scripts, release tooling and monitors do. Times are seconds of the day."""

import hashlib
import random

DAY = 12 * 3600
TEAM = ("octo/web", "octo/api", "octo/billing")  # the last one is private
PRIVATE = {"octo/billing"}
TOOLS = ("octo/setup-tool", "octo/builder", "octo/scanner")  # public ones that every job looks at
JOB_SECONDS = 360
READS = 40

# What a job reads, and how often: {r} its repository, {sha} its commit, {pull} its pull request, {run} its own run, {tool} one
# of the tools.
PLAN = (
    (3, "/repos/{r}"), (2, "/repos/{r}/branches/main"), (2, "/repos/{r}/commits/{sha}"), (2, "/repos/{r}/commits/{sha}/status"),
    (1, "/repos/{r}/git/commits/{sha}"), (2, "/repos/{r}/pulls/{pull}"), (2, "/repos/{r}/pulls/{pull}/files"), (2, "/repos/{r}/labels"),
    (2, "/repos/{r}/actions/workflows"), (2, "/repos/{r}/actions/runs?per_page=20"), (2, "/repos/{r}/actions/runs/{run}"),
    (2, "/repos/{r}/releases/latest"), (2, "/repos/{r}/tags"), (1, "/repos/{r}/contents/package.json"), (1, "/repos/{r}/topics"),
    (1, "/repos/{r}/milestones"), (6, "/repos/{tool}/releases/latest"), (3, "/repos/{tool}"), (1, "/repos/{tool}/tags"), (1, "/users/octo"))
assert sum(times for times, _ in PLAN) == READS


def sha(*words):
    return hashlib.sha1("/".join(map(str, words)).encode()).hexdigest()


class Job:
    def __init__(self, number, begin, repository, commit, pull):
        self.number, self.begin, self.repository, self.commit, self.pull = number, begin, repository, commit, pull
        self.run = 9000 + number
        chance = random.Random(f"job {number}")
        paths = [path for times, path in PLAN for _ in range(times)]
        chance.shuffle(paths)
        self.reads = []  # (seconds after its begin, path)
        for at, path in zip(sorted(chance.uniform(5, JOB_SECONDS - 30) for _ in paths), paths):
            self.reads.append((at, path.format(r=repository, sha=commit, pull=pull, run=self.run, tool=chance.choice(TOOLS))))


class Change:
    """Something that happens to GitHub: resources that are replaced."""

    def __init__(self, at, resources):
        self.at, self.resources = at, resources


def body(kind, *words, size=1500):
    return {"kind": kind, "of": list(words), "node_id": sha(kind, *words), "text": (sha(kind, *words) * (size // 40))[:size]}


def of_push(repository, number):
    commit = sha(repository, "commit", number)
    at = f"/repos/{repository}"
    return commit, {f"{at}/branches/main": body("branch", repository, number), f"{at}/commits/{commit}": body("commit", commit, size=4000),
                    f"{at}/git/commits/{commit}": body("git commit", commit), f"{at}/commits/{commit}/status": body("status", commit, 0),
                    at: {**body("repository", repository, number), "full_name": repository, "private": repository in PRIVATE}}


def runs(repository, done):
    return [{"id": 9000 + one, "status": state, "head_branch": "main", "text": sha(repository, one) * 10} for one, state in done[-40:]][::-1]


def make(jobs_of_day):
    """(resources at the beginning, changes, jobs), in the order of time."""
    chance = random.Random("a day")
    first, changes, jobs = {"/users/octo": body("user", "octo")}, [], []
    for repository in TEAM + TOOLS:
        at = f"/repos/{repository}"
        first[at] = {**body("repository", repository, 0), "full_name": repository, "private": repository in PRIVATE}
        for name in ("labels", "actions/workflows", "releases/latest", "tags", "topics", "milestones"):
            first[f"{at}/{name}"] = body(name, repository)
        first[f"{at}/contents/package.json"] = body("contents", repository)
    per_team = -(-jobs_of_day // len(TEAM))
    number = 0
    for repository in TEAM:
        pushes = max(1, per_team // 3)  # three jobs a push: build, test, lint
        begins = sorted(chance.uniform(0, DAY - JOB_SECONDS) for _ in range(pushes))
        for push, begin in enumerate(begins):
            pull = 100 + push // 3  # a pull request lives for three pushes
            commit, resources = of_push(repository, push)
            resources[f"/repos/{repository}/pulls/{pull}"] = body("pull", repository, pull, push, size=6000)
            resources[f"/repos/{repository}/pulls/{pull}/files"] = body("files", repository, pull, push, size=8000)
            changes.append(Change(begin, resources))
            for _ in range(3):
                if number == jobs_of_day:
                    break
                jobs.append(Job(number, begin + chance.uniform(1, 20), repository, commit, pull))
                number += 1
    jobs.sort(key=lambda job: job.begin)
    done = {repository: [] for repository in TEAM}
    moments = sorted([(job.begin, job, "in_progress") for job in jobs] + [(job.begin + JOB_SECONDS, job, "completed") for job in jobs],
                     key=lambda one: one[0])
    for at, job, state in moments:
        rows = done[job.repository]
        rows[:] = [row for row in rows if row[0] != job.number] + [(job.number, state)]
        path = f"/repos/{job.repository}"
        resources = {f"{path}/actions/runs": runs(job.repository, rows), f"{path}/actions/runs/{job.run}": body("run", job.run, state)}
        if state == "completed":
            resources[f"{path}/commits/{job.commit}/status"] = body("status", job.commit, job.number)
        changes.append(Change(at, resources))
    # A release of a tool, twice a day each.
    for tool in TOOLS:
        for number, at in enumerate(sorted(chance.uniform(0, DAY) for _ in range(2))):
            changes.append(Change(at, {f"/repos/{tool}/releases/latest": body("release", tool, number)}))
    changes.sort(key=lambda change: change.at)
    return first, changes, jobs
