"""SARIF in the shapes that eight tools write it, made here: what they differ in is the point."""

import json

SCHEMAS = "https://json.schemastore.org/sarif-2.1.0.json"


def place(uri, line=1, **more):
    return {"physicalLocation": {"artifactLocation": {"uri": uri, **more}, "region": {"startLine": line, "startColumn": 1}}}


def dump(tool, results, indent=2, sort_keys=False, schema=SCHEMAS, **run):
    log = {"version": "2.1.0", "runs": [{"tool": tool, **run, "results": results}]}
    if schema:
        log = {"$schema": schema, **log}
    return json.dumps(log, indent=indent, sort_keys=sort_keys).encode()


def without_rules():
    """ast-grep: keys sorted, so that results come before the tool, which has no rules; no $schema."""
    results = [{"ruleId": "no-eval", "level": "error", "message": {"text": "eval found"}, "locations": [place("bad.js", line)]} for line in (1, 4)]
    return dump({"driver": {"name": "ast-grep", "version": "0.51.1"}}, results, sort_keys=True, schema=None)


def without_version():
    """Biome: a driver without a version, rules without a level, absolute paths that are no URIs."""
    rules = [{"id": f"lint/suspicious/{name}", "helpUri": "https://example.com/" + name} for name in ("noUnused", "noEval", "noEquals")]
    results = [{"ruleId": rules[number % 3]["id"], "level": "warning" if number < 2 else "error", "message": {"text": "found"},
                "locations": [place("/home/runner/hello/bad.js", number + 1)]} for number in range(5)]
    return dump({"driver": {"name": "Biome", "informationUri": "https://example.com", "rules": rules}}, results)


def without_levels():
    """clang's analyzer: keys sorted, code flows, no level anywhere, files by file: URI and by index alone."""
    steps = [{"importance": "essential", "location": {"message": {"text": f"step {number}"}, **place("file:///home/runner/hello/bad.c", number + 1, index=0)}}
             for number in range(40)]
    results = [{"ruleId": "core.DivideZero", "ruleIndex": 0, "message": {"text": "Division by zero"}, "codeFlows": [{"threadFlows": [{"locations": steps}]}],
                "locations": [{"physicalLocation": {"artifactLocation": {"index": 0}}}]} for _ in range(3)]
    artifacts = [{"length": 345, "location": {"uri": "file:///home/runner/hello/bad.c"}, "mimeType": "text/plain", "roles": ["resultFile"]}]
    driver = {"name": "clang", "fullName": "clang static analyzer", "language": "en-US", "version": "14.0.6", "rules": [{"id": "core.DivideZero"}]}
    return dump({"driver": driver}, results, sort_keys=True, artifacts=artifacts, columnKind="unicodeCodePoints")


def in_one_line():
    """clang's diagnostics: one line, levels on results and on rules, rules named by numbers, empty texts."""
    rules = [{"id": name, "name": "", "fullDescription": {"text": ""}, "defaultConfiguration": {"enabled": True, "level": level, "rank": 50}}
             for name, level in (("5191", "error"), ("6473", "warning"), ("5586", "warning"))]
    results = [{"ruleId": rules[at]["id"], "ruleIndex": at, "level": level, "message": {"text": "x"}, "locations": [place("file:///home/x/bad.c", index=0)] * 2}
               for at, level in enumerate(("error", "warning", "note"))]
    return dump({"driver": {"name": "clang", "fullName": "", "version": "19.1.7", "rules": rules}}, results, indent=None, sort_keys=True,
                schema="https://docs.oasis-open.org/sarif/sarif/v2.1.0/cos02/schemas/sarif-schema-2.1.0.json")


def suppressed():
    """ESLint: each result has suppressions, mostly empty; an old schema; properties that are empty."""
    rules = [{"id": name, "helpUri": "https://example.com", "properties": {}} for name in ("no-unused-vars", "no-eval", "eqeqeq")]
    results = [{"level": "error" if number > 4 else "warning", "message": {"text": "found"}, "locations": [place("file:///home/x/bad.js", number + 1, index=0)],
                "ruleId": rules[number % 3]["id"], "ruleIndex": number % 3, "suppressions": []} for number in range(7)]
    results[2]["suppressions"] = [{"kind": "inSource", "justification": ""}]
    results[3]["suppressions"] = [{"kind": "external", "status": "underReview"}]
    return dump({"driver": {"name": "ESLint", "version": "8.57.1", "rules": rules}}, results, schema="http://json.schemastore.org/sarif-2.1.0-rtm.5",
                artifacts=[{"location": {"uri": "file:///home/x/bad.js"}}])


def with_relations():
    """Flawfinder: levels on rules alone, relations to a taxonomy, fingerprints and a rank; ids found by name."""
    cwe = {"target": {"id": "CWE-120", "toolComponent": {"name": "CWE", "guid": "FFC64C90-42B6-44CE-8BEB-F6B7DAE649E5"}}, "kinds": ["relevant"]}
    rules = [{"id": name, "name": "buffer/" + name, "defaultConfiguration": {"level": level}, "relationships": [cwe, cwe]}
             for name, level in (("FF1014", "error"), ("FF1001", "error"), ("FF1013", "note"))]
    results = [{"ruleId": rules[number % 3]["id"], "message": {"text": "buffer"}, "rank": 0.8, "fingerprints": {"contextHash/v1": f"{number:064x}"},
                "locations": [place("bad.c", number + 1, uriBaseId="SRCROOT")]} for number in range(5)]
    return dump({"driver": {"name": "Flawfinder", "version": "2.0.19", "rules": rules, "supportedTaxonomies": [{"name": "CWE"}]}}, results,
                taxonomies=[{"name": "CWE", "guid": "FFC64C90-42B6-44CE-8BEB-F6B7DAE649E5"}], externalPropertyFileReferences={"taxonomies": [{"location": {}}]})


def with_odd_names():
    """oxlint: ids with brackets, both kinds of version, properties of rules that are no strings."""
    rules = [{"id": f"eslint({name})", "name": name, "properties": {"category": "correctness", "fix": None, "score": 7.5}} for name in ("no-unused-vars", "no-eval")]
    results = [{"ruleId": rules[at]["id"], "ruleIndex": at, "level": "warning", "message": {"text": "Use of 'eval' \u2013 \U0001f600"},
                "locations": [place("bad.js", at + 1, index=0)]} for at in (0, 0, 1)]
    return dump({"driver": {"name": "oxlint", "version": "1.94.0", "semanticVersion": "1.94.0", "rules": rules}}, results, columnKind="unicodeCodePoints",
                schema="https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")


def with_extensions():
    """CodeQL: rules in an extension with security-severity, no levels, a category; results of other kinds and of the past."""
    severities = ["9.8", "9.0", "7.5", "6.9", "0.1", "0.0", None, "11"]
    rules = [{"id": f"py/{number}", "defaultConfiguration": {"level": "warning" if number % 2 else "error"},
              "properties": {"tags": ["security"], **({"security-severity": one} if one else {})}} for number, one in enumerate(severities)]
    results = [{"ruleId": rule["id"], "rule": {"id": rule["id"], "index": at, "toolComponent": {"index": 0}}, "message": {"text": "found"},
                "locations": [place("app.py", at + 1, uriBaseId="%SRCROOT%", index=0)]} for at, rule in enumerate(rules)]
    results += [{**results[0], "kind": "pass"}, {**results[0], "baselineState": "absent"}, {**results[0], "baselineState": "unchanged"},
                {**results[2], "suppressions": [{"kind": "inSource", "status": "accepted"}]}]
    return dump({"driver": {"name": "CodeQL", "semanticVersion": "2.20.1", "rules": []}, "extensions": [{"name": "codeql/python-queries", "rules": rules}]},
                results, indent=None, automationDetails={"id": "/language:python/"}, invocations=[{"executionSuccessful": True}])


# By tool: the maker, and its counts: all, suppressed, absent, then what of the breakdown is not 0.
TOOLS = {
    "ast-grep": (without_rules, (2, 0, 0), {"error": 2}),
    "biome": (without_version, (5, 0, 0), {"error": 3, "warning": 2}),
    "clang-analyze": (without_levels, (3, 0, 0), {"warning": 3}),
    "clang-diagnose": (in_one_line, (3, 0, 0), {"error": 1, "warning": 1, "note": 1}),
    "eslint": (suppressed, (7, 1, 0), {"error": 2, "warning": 4}),
    "flawfinder": (with_relations, (5, 0, 0), {"error": 4, "note": 1}),
    "oxlint": (with_odd_names, (3, 0, 0), {"warning": 3}),
    "codeql": (with_extensions, (12, 1, 1), {"critical": 3, "high": 1, "medium": 1, "low": 1, "error": 1, "warning": 2, "none": 1}),
}
