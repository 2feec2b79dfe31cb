#include "cli/snapshot_store.h"

#include <sys/mman.h>
#include <unistd.h>

#include <map>

#include "backends/actions/snapshot_writer.h"
#include "backends/codeql/trust.h"
#include "base/encode.h"
#include "base/file.h"
#include "cli/json_view.h"

namespace rfs {
namespace {

constexpr const char* kExchangeFile = ".runnerfs/entries";
constexpr std::uint64_t kPutMost = 32u << 20;  // of bodies in one put; a body of the limit still fits

// Like a file on disk that nobody else sees, but not on disk: it may hold answers in clear.
Result<Fd> memory_file() {
  Fd file(::memfd_create("runnerfs-entries", MFD_CLOEXEC));
  if (!file) return fail_errno(errno, "memory for a snapshot");
  return file;
}

class OwnStore final : public SnapshotStore {
 public:
  explicit OwnStore(Daemon& daemon) : daemon_(daemon) {}
  Result<EntrySource> source() override { return daemon_.travelling(); }
  DiskTier& store() override { return daemon_.store(); }
  ScanTaker scans(std::string channel, std::string repository) override {
    return daemon_.scans().taker(std::move(channel), std::move(repository));
  }
  Result<> finish() override {
    TRY(daemon_.scans().flush());
    return daemon_.store().flush(true);
  }
  void fill(TravelRules& rules) override {
    const auto identity = daemon_.identity();
    if (!identity) return;
    rules.partition = (*identity)->partition;
    rules.anonymous = (*identity)->token.empty();
  }
  const Routes& routes() override { return daemon_.routes(); }
  void count_tampered() override { daemon_.counters().add(Counter::kTampered); }

 private:
  Daemon& daemon_;
};

// The daemon has chosen already what its credential was given, and hands on what arrives: in portions.
class RemoteStore final : public SnapshotStore, public DiskTier {
 public:
  RemoteStore(Access& access, std::uint64_t body_most) : access_(access), body_most_(body_most) {}

  Result<EntrySource> source() override {
    TRY_ASSIGN(fetched_, memory_file());
    Result<> written;
    TRY(access_.cat(kExchangeFile, [&](BytesView bytes) { return (written = write_all(fetched_.get(), bytes)).has_value(); }));
    TRY(std::move(written));
    return file_source(fetched_.get(), body_most_);
  }
  DiskTier& store() override { return *this; }
  // A result goes with its manifest, in one portion.
  ScanTaker scans(std::string channel, std::string repository) override {
    return [this, channel = std::move(channel),
            repository = std::move(repository)](const Entry& entry) -> Result<ScanFate> {
      const auto copy = std::make_shared<Entry>(entry);
      if (!results::is_result(entry)) {
        if (held_ + entry.body->size() > kPutMost) return ScanFate::kRefused;
        held_ += entry.body->size();
        manifests_.insert_or_assign(hex(entry.sha256), copy);
        return ScanFate::kTaken;
      }
      const auto info = results::info_of(entry);
      if (!info || entry.body->size() > kPutMost) return ScanFate::kRefused;
      if (!repository.empty() && !entry.key.canonical.starts_with(repository + "\n")) return ScanFate::kRefused;
      copy->key.cls = codeql::lower_trust(entry.key.cls, channel);
      if (const auto at = manifests_.find(info->manifest); at != manifests_.end()) TRY(add(*at->second));
      TRY(put(copy));
      return ScanFate::kTaken;
    };
  }
  Result<> finish() override { return flush(false); }
  void fill(TravelRules& rules) override { rules.chosen = true; }
  const Routes& routes() override { return routes_; }
  void count_tampered() override {}

  Result<EntryPtr> find(const EntryKey&) override { return nullptr; }
  Result<> put(const EntryPtr& entry) override {
    if (entry->body->size() > kPutMost) return {};
    TRY(add(*entry));
    return writer_->bytes() >= kPutMost ? flush(false) : Result<>{};
  }
  Result<> flush(bool) override {
    if (!writer_) return {};
    TRY_ASSIGN(const std::uint64_t size, writer_->finish(0));
    writer_.reset();
    std::string content(size, '\0');
    if (::pread(portion_.get(), content.data(), size, 0) != static_cast<ssize_t>(size))
      return fail_errno(errno, "memory for a snapshot");
    return access_.put(kExchangeFile, content, {});
  }
  Result<> update(const EntryPtr&) override { return {}; }
  Result<> remove(const EntryKey&) override { return {}; }
  Result<> put_now(const EntryPtr& entry, bool) override { return put(entry); }
  Result<std::vector<Listed>> list(Space, const std::string&, const std::string&, const std::string&) override {
    return std::vector<Listed>();
  }
  Result<> each(Space, const std::string*, const std::function<bool(const Entry&)>&) override { return {}; }

 private:
  Result<> add(const Entry& entry) {
    if (!writer_) {
      TRY_ASSIGN(portion_, memory_file());
      TRY_ASSIGN(writer_, SnapshotWriter::start(portion_.get(), SnapshotHead{}, nullptr));
    }
    return writer_->add(entry);
  }

  Access& access_;
  const std::uint64_t body_most_;
  const Routes routes_;
  std::map<std::string, EntryPtr> manifests_;  // that arrived, by digest
  std::uint64_t held_ = 0;                     // bytes of these
  Fd fetched_, portion_;
  std::optional<SnapshotWriter> writer_;
};

}  // namespace

Result<std::unique_ptr<SnapshotStore>> SnapshotStore::open(Reach& reach) {
  Daemon* daemon = reach.here();
  if (!daemon) {
    TRY_ASSIGN(const std::string status, read_tree(reach.access(), ".runnerfs/status.json"));
    if (json_text(status, "store.on_disk") != "true")
      return std::unique_ptr<SnapshotStore>(
          std::make_unique<RemoteStore>(reach.access(), reach.settings().max_object_size));
    TRY_ASSIGN(daemon, reach.build_here());
  }
  if (auto why = daemon->not_kept()) {
    Error error = *why;
    error.code = Code::kUnsupported;
    return fail(std::move(error));
  }
  return std::unique_ptr<SnapshotStore>(std::make_unique<OwnStore>(*daemon));
}

}  // namespace rfs
