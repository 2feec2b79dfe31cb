"""Recorded answers in GitHub's place: a directory for GITHUB_API_URL=file://DIR."""

import json
import os

CONTENT = ["Content-Type", "application/json; charset=utf-8"]


def answers(job, extra=()):
    folder = job.join("answers")
    os.makedirs(folder, exist_ok=True)
    rows = [{"scope": "https://api.github.com:443", "method": "get", "path": "/repos/octo/hello", "status": 200,
             "response": {"id": 7, "full_name": "octo/hello", "default_branch": "main"}, "rawHeaders": [*CONTENT, "ETag", '"0123456789abcdef"']}, *extra]
    with open(os.path.join(folder, "recorded.json"), "w", encoding="utf-8") as file:
        json.dump(rows, file)
    job.github["GITHUB_API_URL"] = "file://" + folder
    return folder
