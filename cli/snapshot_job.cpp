// Whose snapshot, under which key, and whether the event of this job may save or restore one.
#include <strings.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "backends/codeql/trust.h"
#include "backends/secrets/context.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/network_secret.h"
#include "cli/secrets_env.h"
#include "cli/snapshot.h"

namespace rfs {
namespace {

// What GitHub gives a read-only cache to: anybody can cause these events, or choose what they run on.
constexpr std::array kLowTrust{"pull_request_target", "pull_request_comment",        "issue_comment",
                               "issues",              "workflow_run",                "discussion",
                               "discussion_comment",  "watch",                       "fork",
                               "gollum",              "pull_request_review_comment", "pull_request_review"};

std::string lower_name(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::optional<std::string> payload_file(const std::string& path) {
  auto text = read_file(path, 64u << 20);
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

// Of the event's own repository: its id, and whether it is public.
void read_repository(const Environment& environment, SnapshotJob& job) {
  const std::string path = variable(environment, "GITHUB_EVENT_PATH");
  const auto text = path.empty() ? std::nullopt : payload_file(path);
  if (!text) return;
  const auto payload = parse_json(*text);
  if (!payload || !payload->is_object() || !payload->contains("repository")) return;
  const auto& repository = (*payload)["repository"];
  if (!repository.is_object()) return;
  const auto named = repository.find("full_name");
  if (named == repository.end() || !named->is_string() || lower_name(named->get<std::string>()) != job.name) return;
  if (const auto id = repository.find("id"); job.id.empty() && id != repository.end() && id->is_number_unsigned())
    job.id = std::to_string(id->get<std::uint64_t>());
  const auto closed = repository.find("private");
  job.known_public = closed != repository.end() && closed->is_boolean() && !closed->get<bool>();
}

Error refusal(std::string message, std::string hint = {}) { return {Code::kDenied, std::move(message), std::move(hint), -1}; }

void judge(const Context& context, const Environment& environment, SnapshotJob& job) {
  if (context.untrusted) {
    job.no_save = job.no_restore = refusal(context.untrusted_why, "jobs of the repository itself save and restore");
    return;
  }
  if (job.cls == "fork" || std::find(kLowTrust.begin(), kLowTrust.end(), context.event) != kLowTrust.end())
    job.no_save = refusal("anybody can cause the event " + context.event + ", so that it saves nothing");
  const std::string mode = variable(environment, "ACTIONS_CACHE_MODE");
  const std::string hint = "cache-mode of the workflow decides";
  if (mode == "read" || mode == "none") job.no_save = refusal("the cache of this job is read-only (" + mode + ")", hint);
  if (mode == "write-only" || mode == "none") job.no_restore = refusal("this job does not read the cache (" + mode + ")", hint);
}

}  // namespace

SnapshotSecrets take_snapshot_secrets() {
  SnapshotSecrets out;
  out.fleet = copy_network_secret();
  out.runtime = copy_secret("ACTIONS_RUNTIME_TOKEN");
  out.token = copy_secret("GITHUB_TOKEN");
  if (out.token.empty()) out.token = copy_secret("GH_TOKEN");
  return out;
}

Result<SnapshotJob> snapshot_job(const SnapshotSecrets& secrets, const Settings& settings,
                                 const Environment& environment) {
  const Context context = make_context({settings.repo, settings.workflow, settings.runner}, environment, payload_file);
  SnapshotJob job;
  job.name = lower_name(context.repository);
  job.id = context.repository_id;
  read_repository(environment, job);
  job.repository = job.id.empty() ? job.name : job.id;
  job.ref = variable(environment, "GITHUB_REF");
  job.branch = branch_word(job.repository, job.ref);
  job.cls = codeql::trust_class(codeql::scan_event(environment, payload_file));
  judge(context, environment, job);
  if (!network_secret_given(settings, secrets.fleet)) return job;
  TRY_ASSIGN(const NetworkSecret secret, given_network_secret(settings, secrets.fleet));
  job.key = snapshot_key(secret.secret.network.reveal());
  if (secret.secret.previous) job.previous_key = snapshot_key(secret.secret.previous->reveal());
  job.weakness = secret.weakness;
  return job;
}

}  // namespace rfs
