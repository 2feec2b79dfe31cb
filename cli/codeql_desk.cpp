#include "cli/codeql_desk.h"

#include <fmt/format.h>

#include "backends/codeql/identity.h"
#include "backends/codeql/reupload.h"
#include "backends/sarif/reader.h"
#include "base/encode.h"
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
    lack_ = fmt::format("GitHub could not be asked: {}", asked.error().message);
}

codeql::Decision CodeqlDesk::answer(const Subject& subject, codeql::Circumstances circumstances) {
  if (std::string why = codeql::must_scan(subject, circumstances); !why.empty()) return {false, std::move(why), {}};
  if (request_.local) circumstances.sources.emplace_back("the local store");
  codeql::Decision decision = codeql::decide(subject, circumstances, candidates_, lack_);
  if (!decision.skip && request_.github) {
    ask_github(subject, circumstances);
    decision = codeql::decide(subject, circumstances, candidates_, lack_);
  }
  return decision;
}

Result<CodeqlDesk::Taken> CodeqlDesk::take(const Subject& subject, const Candidate& candidate, const Sink& sink) {
  TRY_ASSIGN(auto* source, github());
  sarif::Reader reader;
  Sha256 digest;
  Result<> wrong;
  TRY(api_->get(codeql::analysis_path(request_.asked.repository, candidate.id), "", codeql::GithubApi::Media::kSarif,
                [&](BytesView bytes) {
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
  const codeql::Analysis* record = source->analysis(candidate);
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
  TRY_ASSIGN(auto* source, github());
  return source->blobs(candidate, facts.paths);
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
