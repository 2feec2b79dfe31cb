#include "backends/actions/service_place.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cstdlib>

#include "backends/actions/blob.h"
#include "backends/actions/snapshot.h"
#include "base/encode.h"
#include "crypto/hash.h"

namespace rfs {
namespace {

// A file without a name: it is gone with this process, however that ends.
Result<Fd> nameless_file() {
  const char* const named = std::getenv("RUNNER_TEMP");
  const char* const usual = std::getenv("TMPDIR");
  for (const char* directory : {named, usual, static_cast<const char*>("/tmp")}) {
    if (!directory || !*directory) continue;
    Fd file(::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file) return file;
  }
  Fd memory(::memfd_create("runnerfs-snapshot", MFD_CLOEXEC));
  if (!memory) return fail_errno(errno, "no room for a snapshot");
  return memory;
}

class ServicePlace final : public SnapshotPlace {
 public:
  ServicePlace(CacheService& service, Web& web, OldRemover remover)
      : service_(service), web_(web), remover_(std::move(remover)) {}

  std::string words() const override { return "the Actions cache"; }

  Result<std::optional<SnapshotName>> newest_own(bool sealed, const std::string& branch) override {
    auto hit = service_.find({snapshot_prefix(sealed, branch), {}, snapshot_cache_version()});
    // A job may be allowed to write only.
    if (!hit && hit.error().code == Code::kDenied) return std::nullopt;
    if (!hit) return fail(std::move(hit.error()));
    return *hit ? parse_snapshot_name((*hit)->key) : std::nullopt;
  }

  Result<Fd> draft() override { return nameless_file(); }

  Result<> publish(int draft, std::uint64_t size, const SnapshotName& name) override {
    return service_.store(snapshot_name(name), snapshot_cache_version(), draft, size);
  }

  std::uint64_t remove_older(const SnapshotName& than) override { return remover_ ? remover_(than) : 0; }

  Result<FoundSnapshot> find(const SnapshotWish& wish) override {
    CacheKeys keys{snapshot_prefix(wish.sealed_too, wish.branch), {}, snapshot_cache_version()};
    // What is sealed first. Without a key a sealed one is only asked for to say that it is there.
    for (const bool sealed : {wish.sealed_too, !wish.sealed_too}) keys.restore_keys.push_back(snapshot_prefix(sealed));
    TRY_ASSIGN(const auto hit, service_.find(keys));
    if (!hit) return fail(Code::kNotFound, "no snapshot is there yet");
    const auto name = parse_snapshot_name(hit->key);
    if (!name) return fail(Code::kUnsupported, "what the Actions cache has is no snapshot of this version", "the next save adds one");
    if (name->sealed && !wish.sealed_too)
      return fail(Code::kNoKey, "the snapshot is sealed, and there is no fleet secret",
                  "set CACHE_P2P_SHARED_SECRET to the secret that it was saved under");
    TRY_ASSIGN(file_, nameless_file());
    const auto fresh = [&]() -> Result<std::string> {
      TRY_ASSIGN(const auto again, service_.find({hit->key, {}, snapshot_cache_version()}));
      if (!again || again->key != hit->key)
        return fail(Code::kNotFound, "the snapshot was removed while it was read", "a later job finds the next one");
      return again->url;
    };
    TRY_ASSIGN(const std::uint64_t size, download_blob(web_, hit->url, file_.get(), fresh));
    return FoundSnapshot{hit->key, bytes_of_file(file_.get()), size};
  }

 private:
  CacheService& service_;
  Web& web_;
  const OldRemover remover_;
  Fd file_;  // what find() brought
};

}  // namespace

std::string snapshot_cache_version() { return hex(sha256(view("runnerfs-snapshot|zstd|1"))); }

std::unique_ptr<SnapshotPlace> service_place(CacheService& service, Web& web, OldRemover remover) {
  return std::make_unique<ServicePlace>(service, web, std::move(remover));
}

}  // namespace rfs
