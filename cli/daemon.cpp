#include "cli/daemon.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

namespace rfs {
namespace {

constexpr std::uint64_t kMemoryStoreMost = 256u << 20;  // of a store that lives in memory

Millis millis(double seconds) { return Millis(static_cast<std::int64_t>(seconds * 1000)); }

// The payload of a job's event.
std::optional<std::string> file_of_runner(const std::string& path) {
  auto text = read_file(path, 64u << 20);
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

OriginOptions origin_options(const Settings& settings) {
  OriginOptions out;
  out.base_url = settings.api_url;
  out.ca_file = settings.ca_file;
  out.user_agent = "runnerfs/" RFS_VERSION;
  out.max_object_size = settings.max_object_size;
  out.timeout = millis(settings.origin_timeout);
  out.max_connections = static_cast<unsigned>(settings.origin_connections);
  out.max_in_flight = static_cast<unsigned>(settings.origin_in_flight);
  out.etag_proof = settings.api_etag_proof;
  out.limit_low =
      settings.rate_limiting_cache_first_mode ? static_cast<int>(settings.rate_limiting_aggressive_threshold) : 0;
  return out;
}

}  // namespace

RouteOptions route_options(const Settings& settings) {
  RouteOptions out;
  out.allow = settings.api_allow;
  out.deny = settings.api_deny;
  out.operation_ttls = settings.operation_ttls;
  if (!settings.cache_enabled) {
    out.operation_ttls.clear();
    const Routes known;
    for (const Route& route : known.all()) out.operation_ttls.emplace_back(route.pattern, 0);
  }
  return out;
}

Result<std::unique_ptr<Daemon>> Daemon::build(const Configuration& configuration, EnvironmentToken token,
                                              const Environment& environment) {
  const Settings& settings = configuration.settings;
  User served{::geteuid(), ::getegid()};
  if (!settings.served_user.empty()) {
    TRY_ASSIGN(served, find_user(settings.served_user));
    if (served.uid != ::geteuid() && ::geteuid() != 0)
      return fail(Code::kUsage, "for: only root may serve another user", "leave it out, or mount as root");
  }
  ChosenKey key;
  KeySourceOptions keys = key_source_options(settings, environment);
  if (keeps_answers(settings)) {
    KeySource source(keys);
    TRY_ASSIGN(key, choose_root_key(settings, source, has_stores(settings)));
  } else {
    key.key.bytes = SecretBytes::random(32);
    key.memory_only = true;
  }
  const ContextOptions asked{settings.repo, settings.workflow, settings.runner};
  Context context = make_context(asked, environment, file_of_runner);
  std::unique_ptr<Daemon> daemon(
      new Daemon(configuration, served, std::move(key), std::move(context), std::move(keys)));
  TRY(daemon->open_store());
  daemon->build_tiers(std::move(token));
  daemon->build_trees(environment);
  return daemon;
}

Daemon::Daemon(const Configuration& configuration, User served, ChosenKey key, Context context, KeySourceOptions keys)
    : settings_(configuration.settings),
      served_(served),
      key_(std::move(key)),
      context_(std::move(context)),
      key_options_(std::move(keys)),
      isolation_(key_options_.job ? Isolation::kJob : Isolation::kUser) {
  for (const Note& note : configuration.notes)
    if (note.warning) warnings_.push_back(note.text);
  notices_ = key_.notices;
}

void Daemon::trouble(const std::string& what, const Error& error) {
  counters_.add(Counter::kStoreErrors);
  warnings_.push_back(fmt::format("{}: {}{}{}", what, error.message, error.hint.empty() ? "" : "; ", error.hint));
  errors_.add("", error);
}

// A store that cannot be had must not cost anybody an answer: one in memory stands in for it.
Result<> Daemon::open_store() {
  const bool wanted = keeps_answers(settings_);
  if (wanted && key_.trouble) {
    store_trouble_ = key_.trouble;
    trouble("answers are not kept on disk", *key_.trouble);
  }
  std::string notice;
  StoreOptions options;
  options.directory = settings_.cache_directory;
  options.max_bytes = settings_.cache_max_bytes;
  options.max_entries = settings_.cache_max_size;
  if (wanted && !key_.memory_only) {
    auto opened = EntryStore::open(options, key_.key, clock_, counters_, errors_, notice);
    if (!notice.empty()) warnings_.push_back(notice);
    if (opened) {
      store_ = std::move(*opened);
      on_disk_ = true;
      return {};
    }
    store_trouble_ = opened.error();
    trouble("answers are not kept on disk", opened.error());
  }
  options.memory_only = true;
  options.max_bytes = std::min(options.max_bytes, kMemoryStoreMost);
  RootKey fresh;
  fresh.bytes = SecretBytes::random(32);
  TRY_ASSIGN(store_, EntryStore::open(options, fresh, clock_, counters_, errors_, notice));
  return {};
}

void Daemon::build_tiers(EnvironmentToken token) {
  network_secret_.network = std::move(token.network);
  network_secret_.network_name = std::move(token.network_name);
  network_secret_.runtime = std::move(token.runtime);
  MemoryOptions memory;
  memory.max_bytes = settings_.memory_max_bytes;
  memory.max_entries = static_cast<std::size_t>(std::min(settings_.memory_max_entries, settings_.cache_max_size));
  memory_ = std::make_unique<MemoryTier>(memory, counters_);
  routes_ = std::make_unique<Routes>(route_options(settings_));
  IdentityOptions identity;
  identity.token_file = settings_.token_file;
  identity.env_token = std::move(token.bytes);
  identity.env_name = std::move(token.name);
  identity.ask_gh = settings_.api_gh_token;
  identity.gh_host = gh_hostname(settings_.api_url);
  identities_ = std::make_unique<IdentitySource>(
      std::move(identity), [store = store_.get()](BytesView text) { return store->partition_hash(text); }, clock_);
  pool_ = std::make_unique<Pool>(2, "rfs-pool");
  origin_ =
      std::make_unique<Origin>(origin_options(settings_), *routes_, *identities_, clock_, *pool_, counters_, errors_);
  ChainOptions chain;
  chain.stale_limit = settings_.api_stale_limit;
  chain.origin_deadline = millis(settings_.origin_timeout);
  chain.peer_deadline = millis(settings_.p2p_deadline);
  if (!settings_.cache_enabled) chain.confirm_window = 0;
  const auto partition = [identities = identities_.get()]() -> Result<std::string> {
    TRY_ASSIGN(const IdentityPtr now, identities->current());
    return now->partition;
  };
  peers_ = std::make_unique<Peers>(
      Peers::Parts{*memory_, store_.get(), *routes_, clock_, *pool_, counters_, errors_});
  chain_ = std::make_unique<Chain>(chain, *memory_, store_.get(), *peers_, *origin_, partition, clock_, *pool_,
                                   counters_, errors_);
  CacheOptions cache;
  cache.default_ttl = static_cast<int>(settings_.cache_default_ttl);
  cache.operation_ttls = settings_.operation_ttls;
  cache.max_document = settings_.max_object_size;
  cache_ = std::make_unique<Cache>(cache, *memory_, store_.get(), clock_, counters_, errors_);
  totals_ = std::make_unique<Totals>(*store_, counters_);
}

void Daemon::build_trees(const Environment& environment) {
  ApiTreeOptions api;
  api.others = settings_.allow_other;
  api.max_pages = static_cast<unsigned>(settings_.api_max_pages);
  api.max_object_size = settings_.max_object_size;
  api_tree_ = std::make_unique<ApiTree>(api, *chain_, *routes_, settings_.api_url, clock_, *pool_, counters_, errors_);
  api_tree_->set_rates([origin = origin_.get()] { return origin->windows(); });
  CacheTreeOptions cache;
  cache.others = settings_.allow_other;
  cache.max_document = settings_.max_object_size;
  cache_tree_ = std::make_unique<CacheTree>(cache, *cache_, clock_, *pool_, counters_, errors_);
  scans_ = std::make_unique<Scans>(Scans::Parts{settings_, key_, clock_, *pool_, counters_, errors_, root_, *peers_},
                                   codeql::scan_event(environment, file_of_runner));
  info_.add("stats.json", [this] { return stats_json(); });
  info_.add("totals.json", [this] { return totals_json(); });
  info_.add("metrics", [this] { return metrics_text(); });
  info_.add("peers.json", [this] { return peers_json(); });
  info_.add("ratelimit.json", [this] { return rate_json(); });
  info_.add("errors.jsonl", [this] { return errors_.jsonl(); });
  info_.add("config.yml", [this] { return configuration_text(settings_); });
  info_.add("daemon.json", [this] { return daemon_json(); });
  info_.add("status.json", [this] { return status_json(); });
  add_entries();
  info_.set_control([this](const std::string& command, const Caller& caller) { return control(command, caller); });
  root_.add("api", *api_tree_);
  root_.add("cache", *cache_tree_);
  root_.add("codeql", scans_->tree());
  root_.add("secrets", secrets_);
  root_.add(".runnerfs", info_);
}

Result<> Daemon::start_mount(const std::string& mountpoint, const std::vector<std::string>& passed) {
  MountOptions options;
  options.mountpoint = mountpoint;
  options.source = settings_.source;
  options.allow_other = settings_.allow_other;
  options.read_only = settings_.read_only;
  options.fuse_options = passed;
  options.uid = served_.uid;
  options.gid = served_.gid;
  options.deadline = millis(settings_.origin_timeout + 5);
  mountpoint_ = mountpoint;
  session_ = std::make_unique<Session>(options, root_, clock_, counters_);
  return session_->start();
}

Result<> Daemon::start_socket(const std::string& path) {
  TRY(prepare_socket_directory(path));
  socket_ = std::make_unique<SocketServer>(path, served_.uid, root_, counters_, millis(settings_.origin_timeout + 5));
  if (auto started = socket_->start(); !started) {
    socket_.reset();
    return started;
  }
  *socket_path_.lock() = path;
  return {};
}

void Daemon::ask_for_token() {
  pool_->submit([identities = identities_.get()] { (void)identities->current(); });
}

std::optional<Error> Daemon::not_kept() const {
  if (on_disk_) return std::nullopt;
  if (store_trouble_) return store_trouble_;
  return Error{Code::kUnsupported, "nothing is kept on disk, so that it would be gone with this command",
               "let a daemon keep it: `runnerfs mount`, or `runnerfs serve --background`"};
}

void Daemon::tick() {
  if (store_->changed_by_others()) memory_->doubt_all();
  for (const RateWindow& window : origin_->windows()) {
    const auto threshold = static_cast<std::int64_t>(settings_.rate_limiting_warning_threshold);
    if (window.remaining < 0 || window.remaining > threshold || warned_[window.resource] == window.reset) continue;
    warned_[window.resource] = window.reset;
    log(Level::kWarning, "{} calls of '{}' remain until {}", window.remaining, window.resource, rfc3339(window.reset));
  }
  scans_->tick();
  peers_->count_bytes();
  if (++ticks_ % 60 != 0) return;
  if (auto saved = totals_->save(); !saved) log(Level::kWarning, "totals were not kept: {}", saved.error().message);
  if (settings_.log_stats)
    log(Level::kInfo, "hits {} misses {} calls made {} calls saved {}", counters_.get(Counter::kHits),
        counters_.get(Counter::kMisses), counters_.get(Counter::kApiCallsMade), counters_.get(Counter::kApiCallsSaved));
}

void Daemon::close() {
  if (auto saved = totals_->save(); !saved) log(Level::kWarning, "totals were not kept: {}", saved.error().message);
  if (auto flushed = store_->flush(true); !flushed)
    log(Level::kWarning, "the store was not written: {}", flushed.error().message);
  if (auto flushed = scans_->flush(); !flushed)
    log(Level::kWarning, "results of scans were not written: {}", flushed.error().message);
}

// Fronts first, so that nobody asks any more; then what runs; then who may still be waiting for GitHub.
Daemon::~Daemon() {
  session_.reset();
  socket_.reset();
  beacons_.reset();
  registry_.reset();
  if (peers_) peers_->stop();
  if (pool_) pool_->stop();
  scans_.reset();  // before api/, which its searches wait for
  api_tree_.reset();
  cache_tree_.reset();
  secrets_tree_.reset();
  chain_.reset();
  origin_.reset();
}

}  // namespace rfs
