#include "cli/action_summary.h"

#include "tests/catch.h"
#include "tests/unit/cli/scratch.h"

using namespace rfs;

TEST_CASE("a summary is a table and a chart") {
  const std::string text = summary_markdown(
      R"({"total_requests": 10, "hits": 8, "memory_hits": 5, "disk_hits": 2, "peer_hits": 1, "api_calls_made": 2, "api_calls_saved": 6,
          "scans_skipped": 1, "scan_time_saved_hours": 0.25, "credentials_accessed": 3, "credentials_denied": 4})",
      R"({"rate_limits": [{"resource": "core", "limit": 5000, "remaining": 4711, "reset_at": "2026-01-01T00:00:00Z"}]})",
      R"({"peers": [{}, {}]})");
  for (const char* part : {"| Reads answered from a cache | 8 of 10 (80 %) |", "memory 5, disk 2, peers 1", "| API calls made | 2 |",
                           "| API calls saved | 6 (75 %) |", "4711 of 5000 until", "| Scans skipped | 1 |", "15.0 min", "| Credentials granted | 3 |",
                           "| Credentials denied | 4 |", "| Peers | 2 |", "```mermaid\nflowchart LR\n", "[GitHub]\n```\n"})
    CHECK(mentions(text, part));
}

TEST_CASE("a summary of a daemon that says nothing is one of zeros") {
  const std::string text = summary_markdown("{}", "", "no JSON");
  CHECK(mentions(text, "0 of 0 (–)"));
  CHECK(mentions(text, "unknown"));
  const std::string skipped = summary_markdown(R"({"scans_skipped": 2})", "{}", "{}");
  CHECK(mentions(skipped, "unknown: nobody measured"));
}

TEST_CASE("a summary names the last line of an audit log that has one") {
  const std::string some = summary_markdown("{}", R"({"secrets": {"audit_anchor": "42 00ff"}})", "{}");
  CHECK(mentions(some, "| Audit log's last line | `42 00ff`"));
  CHECK_FALSE(mentions(summary_markdown("{}", R"({"secrets": {"audit_anchor": ""}})", "{}"), "Audit"));
}
