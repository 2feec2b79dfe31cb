#include "fs/tree/codeql_github.h"

#include <fmt/core.h>

#include "backends/github/path.h"

namespace rfs {
namespace {

using codeql::GithubApi;

constexpr std::size_t kListMost = 16u << 20;  // of a list of a hundred analyses: it has some 100 KB

// A whole file of api/ that is no stream: its reads are answered at once.
Result<std::string> content_of(const File& file) {
  if (file.size() > kListMost) return fail(Code::kTooLarge, "GitHub's list of analyses is larger than 16 MiB");
  std::string out;
  while (out.size() < file.size()) {
    Result<Bytes> part = fail(Code::kBroken, "GitHub's list of analyses was not read");
    file.read(out.size(), static_cast<std::size_t>(file.size()) - out.size(),
              Reply<Bytes>([&part](Result<Bytes> read) { part = std::move(read); }));
    if (!part) return fail(std::move(part.error()));
    if (part->empty()) return fail(Code::kBroken, "GitHub's list of analyses ends early");
    out.append(text(*part));
  }
  return out;
}

// One search: a list after the other, then the analysis. Kept alive by whom it waits for.
struct Search : std::enable_shared_from_this<Search> {
  Search(Namespace& r, Pool& p) : root(r), pool(p) {}

  Namespace& root;
  Pool& pool;
  results::ResultName name;
  Caller caller;
  std::vector<std::string> refs;  // still to be asked for, the first one last
  Reply<FilePtr> reply;

  void go_on() {
    if (refs.empty())
      return reply(fail(Code::kNotFound,
                        fmt::format("GitHub has no analysis of {} for commit {}", name.language, name.commit),
                        "the newest hundred of the job's ref and of all refs were looked at"));
    const std::string ref = std::move(refs.back());
    refs.pop_back();
    const auto path = file_of_api(codeql::analyses_question(name.repository, ref), GithubApi::Media::kJson, false);
    if (!path) return reply(fail(path.error()));
    root.open(*path, caller, nullptr, Reply<FilePtr>([self = shared_from_this(), ref](Result<FilePtr> list) {
                if (!list) {
                  // GitHub answers 404 for a ref without analyses.
                  if (list.error().code == Code::kNotFound && !self->refs.empty()) return self->go_on();
                  return self->reply(fail(std::move(list.error())));
                }
                self->pool.submit([self, ref, list = *std::move(list)] { self->look(*list, ref); });
              }));
  }

  void look(const File& file, const std::string& ref) {
    const auto found = [&]() -> Result<std::string> {
      TRY_ASSIGN(const std::string content, content_of(file));
      TRY_ASSIGN(const auto list, codeql::analyses_in(content, ref));
      const codeql::Analysis* analysis = codeql::find_analysis(list, name.commit, name.language);
      if (!analysis) return std::string();
      return file_of_api({codeql::analysis_path(name.repository, analysis->id), ""}, GithubApi::Media::kSarif, false);
    }();
    if (!found) return reply(fail(found.error()));
    if (found->empty()) return go_on();
    root.open(*found, caller, nullptr, std::move(reply));
  }
};

}  // namespace

Result<std::string> file_of_api(const codeql::ApiQuestion& question, GithubApi::Media media, bool now) {
  const std::string url = question.query.empty() ? question.path : question.path + "?" + question.query;
  TRY_ASSIGN(std::string below, path_of_url(url, "https://api.github.com"));
  constexpr std::string_view kEnd = ".json";
  if (media == GithubApi::Media::kSarif && below.ends_with(kEnd))
    below.replace(below.size() - kEnd.size(), kEnd.size(), ".sarif");
  return (now ? "api/.now/" : "api/") + below;
}

void GithubScans::find(const results::ResultName& name, const Caller& caller, Reply<FilePtr> reply) {
  const auto search = std::make_shared<Search>(root_, pool_);
  search->name = name;
  search->caller = caller;
  search->refs.emplace_back();
  if (!ref_.empty()) search->refs.push_back(ref_);
  search->reply = std::move(reply);
  search->go_on();
}

}  // namespace rfs
