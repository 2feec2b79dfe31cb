#include "cli/codeql_desk.h"

#include <fmt/format.h>
#include <unistd.h>

#include "backends/codeql/identity.h"
#include "backends/codeql/reupload.h"
#include "backends/results/results.h"
#include "backends/sarif/reader.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace rfs {

using codeql::Candidate;
using codeql::Subject;

codeql::Circumstances circumstances_of(const ScanRequest& request, const Settings& settings) {
  codeql::Circumstances out;
  out.event = request.event;
  out.now = SystemClock().wall();
  out.max_age = settings.codeql_cache_ttl;
  return out;
}

Result<> CodeqlDesk::attach() {
  if (!attached_) attached_ = reach_.attach(given_);
  return *attached_;
}

Result<codeql::GithubSource*> CodeqlDesk::github() {
  if (github_) return github_.get();
  TRY(attach());
  api_ = std::make_unique<TreeApi>(reach_.access());
  github_ = std::make_unique<codeql::GithubSource>(*api_, request_.asked.repository);
  return github_.get();
}

void CodeqlDesk::note_lack(const char* who, const Error& error) {
  if (!lack_.empty()) lack_ += "; ";
  lack_ += fmt::format("{} could not be asked: {}", who, error.message);
}

// Asking makes no store: without a daemon and a database nothing is stored.
Result<bool> CodeqlDesk::has_store() {
  TRY_ASSIGN(const bool daemon, reach_.attach_daemon(given_));
  if (daemon) return true;
  TRY_ASSIGN(const bool there, is_there(reach_.settings().codeql_directory + "/" + results::kResultsWords.file));
  if (!there) return false;
  TRY(attach());
  return true;
}

void CodeqlDesk::ask_store(const Subject& subject, codeql::Circumstances& circumstances) {
  const auto asked = [&]() -> Result<> {
    TRY_ASSIGN(const bool there, has_store());
    if (!there) return {};
    TRY_ASSIGN(stored_, scans_with_key(reach_.access(), subject.manifest.key, request_.asked.repository));
    return {};
  }();
  if (!asked) return note_lack(kLocalStore, asked.error());
  circumstances.sources.emplace_back(kLocalStore);
  for (const StoredScan& one : stored_) candidates_.push_back(one.candidate);
}

// A result of any class counts for whoever believes the writer that signed it.
void CodeqlDesk::look_for_signatures(const codeql::Circumstances& circumstances) {
  if (reach_.settings().codeql_writers.empty()) return;
  const std::string reader = codeql::trust_class(circumstances.event);
  const auto looked = [&]() -> Result<> {
    TRY_ASSIGN(const auto writers, trusted_writers(reach_.settings()));
    for (const StoredScan& one : stored_) {
      if (!one.candidate.not_reusable.empty() || codeql::may_rely(reader, one.candidate.trust)) continue;
      const auto manifest = manifest_of(reach_.access(), one);
      if (!manifest || manifest->key != one.candidate.key || !manifest->not_reusable.empty() ||
          !codeql::is_signed_by(*manifest, one.candidate.digest, writers))
        continue;
      Candidate believed = one.candidate;
      believed.trust = "default";
      believed.word = "the writer " + manifest->signature->writer.substr(0, 8);
      // Nothing beside the signed bytes counts.
      believed.commit = manifest->commit;
      believed.tree = manifest->tree;
      believed.uncertain = manifest->floating.empty() ? "" : manifest->floating.front();
      believed.analysed_at = static_cast<double>(manifest->signature->at) / 1000;
      candidates_.push_back(std::move(believed));
    }
    return {};
  }();
  if (!looked) note_lack("writers", looked.error());
}

// A result with this key lies here, of a class that this job does not rely on. GitHub's own record of it would do: then
// it is GitHub's copy that stands for the scan.
void CodeqlDesk::ask_for_word(const Subject& subject, const codeql::Circumstances& circumstances) {
  const std::string reader = codeql::trust_class(circumstances.event);
  const auto asked = [&]() -> Result<> {
    for (const StoredScan& one : stored_) {
      if (!one.candidate.not_reusable.empty() || codeql::may_rely(reader, one.candidate.trust)) continue;
      TRY_ASSIGN(auto* source, github());
      TRY_ASSIGN(auto word, source->vouch(subject, circumstances.event, one.candidate.commit, one.alerts));
      if (!word) continue;
      candidates_.push_back(std::move(*word));
      return {};
    }
    return {};
  }();
  if (!asked) note_lack("GitHub", asked.error());
}

const StoredScan* CodeqlDesk::stored(const Candidate& candidate) const {
  if (candidate.source != kLocalStore) return nullptr;
  for (const StoredScan& one : stored_)
    if (one.candidate.id == candidate.id) return &one;
  return nullptr;
}

void CodeqlDesk::ask_github(const Subject& subject, codeql::Circumstances& circumstances) {
  const auto asked = [&]() -> Result<> {
    TRY_ASSIGN(auto* source, github());
    TRY_ASSIGN(auto found, source->find(subject, circumstances.event));
    candidates_.insert(candidates_.end(), found.begin(), found.end());
    return {};
  }();
  if (asked)
    circumstances.sources.emplace_back("GitHub");
  else
    note_lack("GitHub", asked.error());
}

codeql::Decision CodeqlDesk::answer(const Subject& subject, codeql::Circumstances circumstances) {
  if (std::string why = codeql::must_scan(subject, circumstances); !why.empty()) return {false, std::move(why), {}};
  if (request_.local) ask_store(subject, circumstances);
  codeql::Decision decision = codeql::decide(subject, circumstances, candidates_, lack_);
  if (!decision.skip && !stored_.empty()) {
    look_for_signatures(circumstances);
    decision = codeql::decide(subject, circumstances, candidates_, lack_);
  }
  if (!decision.skip && request_.vouch && !request_.github && !stored_.empty()) {
    ask_for_word(subject, circumstances);
    decision = codeql::decide(subject, circumstances, candidates_, lack_);
  }
  if (!decision.skip && request_.github) {
    ask_github(subject, circumstances);
    decision = codeql::decide(subject, circumstances, candidates_, lack_);
  }
  return decision;
}

Result<> CodeqlDesk::read(const Candidate& candidate, const std::function<bool(BytesView)>& sink) {
  if (const StoredScan* scan = stored(candidate)) return reach_.access().cat(sarif_file(*scan), sink);
  TRY(github());
  return api_->get(codeql::analysis_path(request_.asked.repository, candidate.id), "",
                   codeql::GithubApi::Media::kSarif, sink);
}

Result<CodeqlDesk::Taken> CodeqlDesk::take(const Subject& subject, const Candidate& candidate, const Sink& sink) {
  sarif::Reader reader;
  Sha256 digest;
  Result<> wrong;
  TRY(read(candidate, [&](BytesView bytes) {
    digest.update(bytes);
    wrong = reader.push(text(bytes));
    if (wrong) wrong = sink(text(bytes));
    return wrong.has_value();
  }));
  if (!wrong) return fail(std::move(wrong.error()));
  Taken out;
  TRY_ASSIGN(out.facts, reader.finish());
  out.digest = hex(digest.finish());
  TRY(codeql::check_scan(subject, out.facts));
  if (std::string why = codeql::not_reusable(out.facts); !why.empty()) return fail(Code::kInvalid, std::move(why));
  if (const StoredScan* scan = stored(candidate)) {
    if (out.digest != candidate.digest || out.facts.alerts != scan->alerts)
      return fail(Code::kTampered, "it is not the result that was stored", "`runnerfs codeql invalidate` removes it");
    return out;
  }
  const codeql::Analysis* record = github_->analysis(candidate);
  if (record == nullptr || record->results != out.facts.alerts)
    return fail(Code::kInvalid, fmt::format("it has {} results, and GitHub's list says {}", out.facts.alerts,
                                            record == nullptr ? 0 : record->results));
  return out;
}

Result<std::map<std::string, std::string>> CodeqlDesk::blobs(const Subject& subject, const Candidate& candidate,
                                                             const sarif::Facts& facts) {
  if (candidate.commit == subject.manifest.commit || candidate.tree == subject.manifest.tree) {
    TRY_ASSIGN(const auto git, codeql::Git::open(request_.asked.directory, reach_.environment()));
    return codeql::blobs_of(git, subject.manifest.commit, facts.paths);
  }
  if (const StoredScan* scan = stored(candidate)) {
    TRY_ASSIGN(codeql::Manifest manifest, manifest_of(reach_.access(), *scan));
    return std::move(manifest.blobs);
  }
  TRY_ASSIGN(auto* source, github());
  return source->blobs(candidate, facts.paths);
}

void CodeqlDesk::count_skip(const Candidate& candidate) {
  const StoredScan* scan = stored(candidate);
  if (!attach()) return;
  // A count that is lost costs nobody anything.
  (void)reach_.access().control(scan != nullptr && scan->scan_duration >= 0
                                    ? fmt::format("codeql skipped {:.0f}", scan->scan_duration)
                                    : std::string("codeql skipped"));
}

bool CodeqlDesk::needs_upload(const Subject& subject) {
  if (!request_.github) return true;
  const auto has = [&]() -> Result<bool> {
    TRY_ASSIGN(auto* source, github());
    return source->has(subject, request_.event);
  }();
  return !has || !*has;
}

}  // namespace rfs
