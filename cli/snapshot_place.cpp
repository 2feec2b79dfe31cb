// Where a snapshot goes to or comes from: --dir, else the Actions cache that the runner gave to this action.
#include "backends/actions/service_place.h"
#include "backends/http/client.h"
#include "cli/places.h"
#include "cli/snapshot.h"

namespace rfs {
namespace {

constexpr double kPatienceToSave = 60, kPatienceToRestore = 10;  // seconds: a job waits to begin, not to end

// The clients that the place works with, and live as long as it does.
class JobCache final : public SnapshotPlace {
 public:
  JobCache(const CacheEndpoint& endpoint, SnapshotSecrets& secrets, const SnapshotJob& job, const Settings& settings,
           bool save)
      : client_(client_options(settings, endpoint.base)),
        web_(client_, save ? Patience{5, 0.5, kPatienceToSave} : Patience{3, 0.5, kPatienceToRestore}),
        api_client_(client_options(settings, settings.api_url)),
        api_web_(api_client_, Patience{}) {
    const auto make = endpoint.v2 ? cache_service_v2 : cache_service_v1;
    service_ = make(endpoint.base, bearer(secrets.runtime), web_, kAgent);
    RemoverOptions options{settings.api_url, job.name, job.ref, kAgent, bearer(secrets.token)};
    const bool may = !secrets.token.empty() && !job.name.empty() && settings.api_url.starts_with("http");
    place_ = service_place(*service_, web_, may ? rest_remover(std::move(options), api_web_) : OldRemover());
  }

  Result<std::optional<SnapshotName>> newest_own(bool sealed, const std::string& branch) override {
    return place_->newest_own(sealed, branch);
  }
  Result<Fd> draft() override { return place_->draft(); }
  Result<> publish(int draft, std::uint64_t size, const SnapshotName& name) override {
    return place_->publish(draft, size, name);
  }
  std::uint64_t remove_older(const SnapshotName& than) override { return place_->remove_older(than); }
  Result<FoundSnapshot> find(const SnapshotWish& wish) override { return place_->find(wish); }
  std::string words() const override { return place_->words(); }

 private:
  static constexpr const char* kAgent = "runnerfs/" RFS_VERSION;
  static HttpClientOptions client_options(const Settings& settings, const std::string& base) {
    HttpClientOptions options;
    options.ca_file = settings.ca_file;
    options.plain_http = base.starts_with("http://");  // named explicitly
    return options;
  }

  HttpClient client_;
  Web web_;
  HttpClient api_client_;
  Web api_web_;
  std::unique_ptr<CacheService> service_;
  std::unique_ptr<SnapshotPlace> place_;
};

}  // namespace

Result<std::unique_ptr<SnapshotPlace>> snapshot_place(const Given& given, SnapshotSecrets& secrets, const SnapshotJob& job,
                                                      const Settings& settings, const Environment& environment, bool save) {
  if (given.has("--dir")) {
    if (given.get("--dir").empty())
      return fail(Code::kUsage, "snapshot: --dir is empty", "name a directory, or leave it out for the Actions cache");
    return directory_place(absolute_path(given.get("--dir")));
  }
  TRY_ASSIGN(const CacheEndpoint endpoint, cache_endpoint(environment));
  if (secrets.runtime.empty())
    return fail(Code::kUnsupported, "there is no token for the Actions cache: ACTIONS_RUNTIME_TOKEN is not set",
                "a runner gives it to actions only; use setup-github-cache, or name a directory with --dir");
  return std::unique_ptr<SnapshotPlace>(std::make_unique<JobCache>(endpoint, secrets, job, settings, save));
}

}  // namespace rfs
