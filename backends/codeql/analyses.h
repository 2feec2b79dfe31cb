// GitHub's own record of scans: the list of code-scanning analyses, the trees of the commits that they are of, and
// their SARIF. With it a scan can be skipped without a store of ours and without a secret.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backends/codeql/decide.h"
#include "backends/codeql/tree.h"

namespace rfs::codeql {

// A GET of GitHub's REST API for the present credential, answered from what is held where that is still right: the tree
// of a daemon, or Chain. Blocks. `path` begins with /repos/; `sink` gets the body in order.
class GithubApi {
 public:
  enum class Media { kJson, kSarif };
  using Sink = std::function<bool(BytesView)>;
  virtual ~GithubApi() = default;
  virtual Result<> get(const std::string& path, const std::string& query, Media media, const Sink& sink) = 0;
};

struct Analysis {
  std::string id, ref, commit, category, tool, version, error, warning, analysis_key;
  double created_at = 0;  // wall seconds
  std::uint64_t results = 0;
};

// A GET of GitHub's REST API.
struct ApiQuestion {
  std::string path, query;  // path begins with /repos/; query may be ""
};
// For the newest hundred analyses of CodeQL of a ref ("" is any). One request.
ApiQuestion analyses_question(const std::string& repository, const std::string& ref);
// What the answer lists of the ref and can be named, newest first. kBroken: it is no list.
Result<std::vector<Analysis>> analyses_in(std::string_view answer, const std::string& ref);

// Of which language an analysis is, by its category: "/language:python", ".github/workflows/x.yml:analyze/language:go".
bool is_of_language(const Analysis& analysis, std::string_view language);

class GithubSource {
 public:
  // api outlives it.
  GithubSource(GithubApi& api, std::string repository) : api_(api), repository_(std::move(repository)) {}

  // The analyses that could stand for the scan, newest first, up to the first that has its key: of the default branch,
  // then, where none of these has it, of the job's own branch or tag. Those of pull requests are never taken: their
  // runs may be restricted to the lines of the change, and a fork may have uploaded them. One conditional request a
  // list; of commits and trees, which never change, one each and only once.
  Result<std::vector<Candidate>> find(const Subject& subject, const ScanEvent& event);
  // GitHub's record of a result with the subject's key that a store holds: the same commit, category, tool and version,
  // the same number of results, without an error. What is relied on then is GitHub's copy, by the branch that it is of.
  Result<std::optional<Candidate>> vouch(const Subject& subject, const ScanEvent& event, const std::string& commit,
                                         std::uint64_t alerts);
  // Whether GitHub has an analysis of this very commit and category, so that nothing needs to be uploaded.
  Result<bool> has(const Subject& subject, const ScanEvent& event);
  // The analysis of a candidate of find() or vouch(), for its counts.
  const Analysis* analysis(const Candidate& candidate) const;
  // The blobs of `paths` in the commit of a candidate. A path that is not in it is left out; kBroken when GitHub does
  // not list the whole tree.
  Result<std::map<std::string, std::string>> blobs(const Candidate& candidate, const std::vector<std::string>& paths);

 private:
  Result<std::string> default_ref(const ScanEvent& event);
  Result<const std::vector<Analysis>*> list(const std::string& ref);
  // The refs whose analyses may be relied on: the default branch, the job's own branch or tag.
  Result<std::vector<std::string>> refs(const ScanEvent& event);
  Result<Candidate> compare(const Subject& subject, const Analysis& analysis, const std::string& trust);
  Result<std::string> tree_of(const std::string& commit);
  Result<bool> same_files(const Subject& subject, const std::string& commit);
  // Every entry of a tree but directories, sorted by path; false: GitHub cut the list.
  Result<bool> list_files(const std::string& tree, const std::function<void(const TreeEntry&)>& visit);

  GithubApi& api_;
  const std::string repository_;
  std::string default_ref_;
  std::map<std::string, std::vector<Analysis>> lists_;  // by ref
  std::map<std::string, std::string> trees_;            // by commit
  std::map<std::string, bool> same_;                    // by commit
};

// The newest of a commit and language that GitHub has without an error; null when there is none.
const Analysis* find_analysis(const std::vector<Analysis>& newest_first, std::string_view commit, std::string_view language);
// REST path of an analysis, for Media::kSarif.
std::string analysis_path(const std::string& repository, const std::string& id);

}  // namespace rfs::codeql
