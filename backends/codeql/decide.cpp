#include "backends/codeql/decide.h"

#include <fmt/format.h>

#include "base/duration.h"
#include "base/time.h"

namespace rfs::codeql {
namespace {

constexpr double kClockSlack = 300;  // seconds that a result may be dated ahead

Decision scan(std::string reason) { return {false, std::move(reason), std::nullopt}; }

// Why this one may not be used; "" when it may.
std::string objection(const Subject& subject, const Circumstances& circumstances, const Candidate& candidate) {
  if (!candidate.not_reusable.empty()) return candidate.not_reusable;
  const std::string reader = trust_class(circumstances.event);
  if (!may_rely(reader, candidate.trust))
    return fmt::format("it comes from {}, which {} does not rely on", trust_words(candidate.trust),
                       trust_words(reader));
  const double age = circumstances.now - candidate.analysed_at;
  if (age < -kClockSlack) return "it is dated in the future";
  const std::string moving = !subject.manifest.floating.empty() ? subject.manifest.floating[0] : candidate.uncertain;
  if (!moving.empty() && age > circumstances.max_age)
    return fmt::format("it is older than {} s, and {}", duration_text(circumstances.max_age), moving);
  return {};
}

std::string nothing_found(const std::vector<std::string>& sources) {
  if (sources.empty()) return "no stored result has this key";
  if (sources.size() == 1) return fmt::format("{} has no result with this key", sources[0]);
  return fmt::format("neither {} nor {} has a result with this key", sources[0], sources[1]);
}

}  // namespace

std::string must_scan(const Subject& subject, const Circumstances& circumstances) {
  if (std::string why = always_scans(circumstances.event); !why.empty()) return why;
  if (!subject.doubts.empty()) return subject.doubts[0];
  if (circumstances.changed_given)
    for (const std::string& path : circumstances.changed)
      if (may_concern(subject.language, path)) return fmt::format("{} changed, which a scan may read", path);
  return {};
}

Decision decide(const Subject& subject, const Circumstances& circumstances, const std::vector<Candidate>& candidates,
                const std::string& lack) {
  if (std::string why = must_scan(subject, circumstances); !why.empty()) return scan(std::move(why));
  std::string first;  // objection
  std::string unlike;  // what was said of one whose key was not looked for any more
  for (const Candidate& candidate : candidates) {
    if (candidate.key != subject.manifest.key) {
      if (unlike.empty() && candidate.key.empty() && !candidate.not_reusable.empty())
        unlike = fmt::format("{} has a result, but {}", candidate.source, candidate.not_reusable);
      continue;
    }
    const std::string why = objection(subject, circumstances, candidate);
    if (!why.empty()) {
      if (first.empty()) first = fmt::format("{} has a result, but {}", candidate.source, why);
      continue;
    }
    const std::string same =
        candidate.commit == subject.manifest.commit
            ? "this commit"
            : fmt::format("commit {}, which is the same to a scan", candidate.commit.substr(0, 12));
    return {
        true,
        fmt::format("{} has the result of {}, analysed at {}{}", candidate.source, same, rfc3339(candidate.analysed_at),
                    candidate.word.empty() ? "" : ", on the word of " + candidate.word),
        candidate};
  }
  if (first.empty()) first = unlike;
  if (first.empty() && circumstances.sources.empty() && !lack.empty()) return scan(lack);
  if (first.empty()) first = nothing_found(circumstances.sources);
  return scan(lack.empty() ? first : fmt::format("{} ({})", first, lack));
}

}  // namespace rfs::codeql
