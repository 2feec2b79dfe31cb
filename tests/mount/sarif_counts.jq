# Counts of a SARIF log as a summary tells them, worked out by another program than runnerfs. A rule is that of the
# component which the result names, by index, else the first of its id.
def number: if type == "number" then . elif type == "string" then (tonumber? // 0) else 0 end;
def rules_of($run; $result):
  $result.rule.toolComponent.index as $at
  | if $at != null then $run.tool.extensions[$at].rules // [] else $run.tool.driver.rules // [] end;
def rule_of($run; $result):
  rules_of($run; $result) as $rules
  | ($result.rule.index // $result.ruleIndex // -1) as $at
  | ($result.ruleId // $result.rule.id) as $id
  | if $at >= 0 and $at < ($rules | length) then $rules[$at]
    else first(($rules, ($run.tool.extensions // [])[].rules)[]? | select(.id == $id)) // null end;
def suppressed: any((.suppressions // [])[]; (.status // "accepted") == "accepted");
def word($run):
  . as $result
  | rule_of($run; $result) as $rule
  | (($result.kind // "fail") == "fail") as $fails
  | ($rule.properties["security-severity"] // 0 | number) as $severity
  | if $fails and $severity > 0 and $severity <= 10 then
      if $severity >= 9 then "critical" elif $severity >= 7 then "high" elif $severity >= 4 then "medium" else "low" end
    elif $fails then $result.level // $rule.defaultConfiguration.level // "warning"
    else "none" end;

[.runs[] as $run | $run.results[] | {suppressed: suppressed, absent: (.baselineState == "absent"), word: word($run)}]
| [.[] | select((.suppressed or .absent) | not)] as $active
| {alerts_count: length,
   suppressed: map(select(.suppressed)) | length,
   absent: map(select(.absent)) | length,
   active: ($active | length),
   severity_breakdown: (reduce ("critical", "high", "medium", "low", "error", "warning", "note", "none") as $word ({};
     .[$word] = ($active | map(select(.word == $word)) | length)))}
