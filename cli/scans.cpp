#include "cli/scans.h"

#include <unistd.h>

#include <algorithm>

#include "backends/results/travelling.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/codeql.h"
#include "fs/tree/unavailable.h"

namespace rfs {
namespace {

constexpr std::uint64_t kMemoryScansMost = 256u << 20;  // of results that live in memory

mode_t directory_mode(const Settings& settings) { return settings.allow_other ? 0755 : 0700; }

}  // namespace

Scans::Scans(const Parts& parts, const codeql::ScanEvent& event)
    : parts_(parts),
      trust_(codeql::trust_class(event)),
      github_(parts.root, parts.pool, event.ref),
      lazy_(
          [this] {
            open();
            return tree_.get();
          },
          directory_mode(parts.settings)) {}

// Why nothing is kept on disk though that is what was asked for, or is not what was asked for at all.
std::optional<Error> Scans::nowhere() const {
  if (parts_.key.trouble && keeps_answers(parts_.settings)) return parts_.key.trouble;
  if (!parts_.key.memory_only) return std::nullopt;
  return Error{Code::kUnsupported, "results of scans are in memory, and end with this process",
               "let a daemon keep them: `runnerfs mount`, or `runnerfs serve --background`"};
}

Result<std::unique_ptr<EntryStore>> Scans::open_store() {
  // A result that was thought to be kept and is not would cost a scan unseen: memory does not stand in for the disk.
  if (parts_.key.trouble && keeps_answers(parts_.settings)) return fail(*parts_.key.trouble);
  StoreOptions options;
  options.words = results::kResultsWords;
  options.directory = parts_.settings.codeql_directory;
  options.max_bytes = parts_.settings.codeql_max_bytes;
  if (!parts_.key.memory_only)
    return EntryStore::open(options, parts_.key.key, parts_.clock, parts_.counters, parts_.errors, notice_);
  options.memory_only = true;
  options.max_bytes = std::min(options.max_bytes, kMemoryScansMost);
  RootKey fresh;
  fresh.bytes = SecretBytes::random(32);
  return EntryStore::open(options, fresh, parts_.clock, parts_.counters, parts_.errors, notice_);
}

void Scans::open() {
  std::call_once(once_, [this] {
    auto store = open_store();
    if (!notice_.empty()) log(Level::kWarning, "{}", notice_);
    if (store) {
      store_ = std::move(*store);
      results_ = std::make_unique<results::Results>(*store_, trust_, parts_.clock, parts_.counters);
      peer_scans_ = std::make_unique<results::PeerScans>(*results_);
      CodeqlTree::Absent absent;
      absent.name = [this](const results::ResultName& name) { return ask_peers(name); };
      // Of a peer's word about other commits nothing is gained where nobody's is believed.
      if (!parts_.settings.codeql_writers.empty())
        absent.key = [this](const std::string& hash) { return ask_peers_by_key(hash); };
      tree_ = std::make_unique<CodeqlTree>(
          CodeqlTreeOptions{parts_.settings.allow_other}, *results_,
          [this](const results::ResultName& name, const Caller& caller, Reply<FilePtr> reply) {
            github_.find(name, caller, std::move(reply));
          },
          std::move(absent), parts_.pool, parts_.counters, parts_.errors);
    } else {
      error_ = std::move(store.error());
      log(Level::kWarning, "codeql/ is not available: {}", error_->message);
      parts_.counters.add(Counter::kStoreErrors);
      parts_.errors.add("codeql", *error_);
      tree_ = std::make_unique<Unavailable>(*error_);
    }
    opened_ = true;
  });
}

std::optional<GivenScan> Scans::find(const Digest& id, const std::function<Digest(BytesView)>& ask_id) {
  open();
  return peer_scans_ ? peer_scans_->find(id, ask_id) : std::nullopt;
}

bool Scans::ask_peers(const results::ResultName& name) {
  const auto scan = parts_.peers.fetch_scan(canonical_scan_name(name.repository, name.commit, name.config, name.language));
  if (!scan) return false;
  const auto taken = peer_scans_->take(name, *scan);
  if (!taken) log(Level::kWarning, "peer {} sent a result that is none: {}", scan->peer, taken.error().message);
  parts_.counters.add(taken ? Counter::kCacheReceived : Counter::kCacheRefused);
  return taken.has_value();
}

bool Scans::ask_peers_by_key(const std::string& hash) {
  const auto scan = parts_.peers.fetch_scan(canonical_scan_key(hash));
  if (!scan) return false;
  const auto writers = trusted_writers(parts_.settings);
  const auto taken = writers ? peer_scans_->take_by_key(hash, *scan, *writers) : Result<>(fail(writers.error()));
  if (!taken) log(Level::kWarning, "peer {} sent no result of the key: {}", scan->peer, taken.error().message);
  parts_.counters.add(taken ? Counter::kCacheReceived : Counter::kCacheRefused);
  return taken.has_value();
}

Result<results::Results*> Scans::results() {
  open();
  if (error_) return fail(*error_);
  return results_.get();
}

std::optional<Error> Scans::not_kept() const {
  if (opened_ && error_) return error_;
  return nowhere();
}

// Whether a store was ever made here.
bool Scans::is_made() const {
  if (opened_) return true;
  const std::string database = parts_.settings.codeql_directory + "/" + results::kResultsWords.file;
  return !nowhere() && ::access(database.c_str(), F_OK) == 0;
}

Result<> Scans::each_travelling(const std::function<bool(const Entry&)>& visit) {
  if (!is_made()) return {};
  const auto found = results();
  if (!found) return {};  // said when it was opened
  if (auto visited = results::each_travelling(**found, visit); !visited)
    log(Level::kWarning, "results of scans stay out of the snapshot: {}", visited.error().message);
  return {};
}

ScanTaker Scans::taker(std::string channel, std::string repository) {
  struct Taking {
    std::optional<results::Arrivals> arrivals;
    bool tried = false;
  };
  return [this, taking = std::make_shared<Taking>(), channel = std::move(channel),
          repository = std::move(repository)](const Entry& entry) -> Result<ScanFate> {
    if (!std::exchange(taking->tried, true))
      if (const auto found = results()) taking->arrivals.emplace(**found, channel, repository);
    if (!taking->arrivals) return ScanFate::kRefused;
    TRY_ASSIGN(const auto fate, taking->arrivals->take(entry));
    switch (fate) {
      case results::Arrivals::Fate::kTaken:
        return ScanFate::kTaken;
      case results::Arrivals::Fate::kKept:
        return ScanFate::kKept;
      case results::Arrivals::Fate::kRefused:
        break;
    }
    return ScanFate::kRefused;
  };
}

void Scans::tick() {
  if (opened_ && store_ && store_->changed_by_others()) results_->changed();
}

Result<> Scans::flush() {
  if (!opened_ || !store_) return {};
  return store_->flush(true);
}

std::string Scans::status_json() const {
  const bool on_disk = !nowhere();
  JsonLine line;
  line.boolean("available", !opened_ || !error_).boolean("on_disk", on_disk);
  line.text("directory", on_disk ? parts_.settings.codeql_directory : "").text("trust", trust_);
  std::string trouble = opened_ && error_ ? error_->message : "";
  if (opened_ && store_) {
    const EntryStore::Usage usage = store_->usage();
    line.number("entries", usage.entries).number("bytes", usage.bytes).boolean("read_only", usage.read_only);
    trouble = store_->trouble();
    if (trouble.empty()) trouble = notice_;
  }
  return line.text("trouble", trouble).str();
}

}  // namespace rfs
