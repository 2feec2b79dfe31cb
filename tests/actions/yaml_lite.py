"""The little of YAML that this project's own action.yml files use: mappings, and scalars on one line."""

import json
import re


def parse(text):
    root, stack = {}, [(-1, None)]
    stack[0] = (-1, root)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.match(r"^( *)([A-Za-z0-9_-]+):(?: (.*))?$", line)
        assert match, f"line {number} is more than this reads: {line}"
        indent, key, value = len(match.group(1)), match.group(2), match.group(3)
        while stack[-1][0] >= indent:
            stack.pop()
        if value is None:
            stack[-1][1][key] = {}
            stack.append((indent, stack[-1][1][key]))
        else:
            stack[-1][1][key] = json.loads(value) if value.startswith('"') else value
    return root


def action(path):
    """→ {"main", "post", "inputs": {name: default}, "outputs": [names]}; post-if must be always()."""
    with open(path, encoding="utf-8") as file:
        document = parse(file.read())
    runs = document["runs"]
    return {"main": runs["main"], "post": runs["post"], "using": runs["using"], "post-if": runs["post-if"],
            "inputs": {name: about.get("default", "") for name, about in document["inputs"].items()},
            "outputs": list(document["outputs"]), "document": document}
