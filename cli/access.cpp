#include "cli/access.h"

#include <fmt/format.h>
#include <unistd.h>

#include "backends/github/path.h"
#include "base/log.h"
#include "cli/harden.h"
#include "cli/json_view.h"

namespace rfs {
namespace {

// Flags that say where a daemon is, how much to log, or what a process of our own would be for; all others say how to
// work. A daemon's context is its own.
bool composes(const FlagValue& flag) {
  const std::string_view key = flag.option->key;
  return key != "socket" && key != "config" && key != "repo" && key != "workflow" && key != "runner" &&
         !key.starts_with("log.");
}

std::string identity_of(Access& access) {
  const auto text = read_tree(access, ".runnerfs/daemon.json");
  return text ? *text : "";
}

// A daemon that was found, not named, is this user's own when it keeps the same stores. Its address of GitHub and its
// token are its own: a step of a job often has neither.
bool same_store(Access& access, const Settings& settings) {
  const std::string identity = identity_of(access);
  return json_text(identity, "cache_directory") == settings.cache_directory &&
         json_text(identity, "codeql_directory") == settings.codeql_directory &&
         json_text(identity, "credentials_directory") == settings.credentials_directory;
}

void quiet_log(const Settings& settings) {
  LogOptions options;
  // What fails is said in two lines on stderr; a log beside them only on demand.
  options.level = Level::kOff;
  if (settings.origins.contains("log.level") || !settings.log_file.empty())
    parse_level(settings.log_level, options.level);
  options.file = settings.log_file;
  log_setup(options);
}

}  // namespace

Result<std::string> read_tree(Access& access, const std::string& path, std::size_t limit) {
  std::string out;
  TRY(access.cat(path, [&](BytesView bytes) {
    out.append(text(bytes));
    return out.size() <= limit;
  }));
  return out;
}

Result<std::unique_ptr<Reach>> Reach::prepare(const Given& given) {
  std::unique_ptr<Reach> out(new Reach);
  out->token_ = take_secrets();
  const ConfigSources sources = present_sources(given.settings);
  out->environment_ = sources.environment;
  TRY_ASSIGN(out->configuration_, load_configuration(sources));
  quiet_log(out->settings());
  return out;
}

// True: access_ is a daemon's socket.
Result<bool> Reach::connect(const Given& given) {
  std::string named = settings().socket;
  const auto origin = settings().origins.find("socket");
  // From the environment or a file: where daemons of this user usually are, not a wish for one.
  std::string usual;
  if (!named.empty() && !origin->second.starts_with("flag")) usual.swap(named);
  // The job's own daemon, as the actions export it.
  if (const std::string of_job = variable(environment_, "RUNNERFS_MOUNT"); usual.empty() && of_job.starts_with("/"))
    usual = socket_of_mountpoint(environment_, mountpoint_path(of_job));
  if (named.empty() && given.has("--mount"))
    named = socket_of_mountpoint(environment_, mountpoint_path(given.get("--mount")));
  if (named.empty())
    for (const std::string& argument : given.arguments)
      if (const auto place = argument.starts_with("/") ? mount_of_path(absolute_path(argument)) : std::nullopt) {
        named = socket_of_mountpoint(environment_, place->first.mountpoint);
        break;
      }
  if (!named.empty()) {
    TRY_ASSIGN(access_, SocketAccess::connect(named));
    return true;
  }
  for (const FlagValue& flag : given.settings)
    if (composes(flag)) return false;
  for (const std::string& path : usual.empty() ? socket_files(environment_) : std::vector<std::string>{usual}) {
    auto connected = SocketAccess::connect(path);
    if (!connected && connected.error().code == Code::kTimeout) silent_ = connected.error();
    if (!connected || (usual.empty() && !same_store(**connected, settings()))) continue;
    access_ = std::move(*connected);
    return true;
  }
  return false;
}

Result<std::unique_ptr<Reach>> Reach::open(const Given& given) {
  TRY_ASSIGN(auto out, prepare(given));
  TRY(out->attach(given));
  return out;
}

Result<> Reach::attach(const Given& given) {
  TRY_ASSIGN(const bool connected, attach_daemon(given));
  if (connected) return {};
  TRY(build_here());
  const Millis deadline(static_cast<std::int64_t>((settings().origin_timeout + 5) * 1000));
  access_ = std::make_unique<WalkAccess>(daemon_->root(), Caller{::geteuid(), ::getegid(), ::getpid()}, deadline);
  return {};
}

Result<bool> Reach::attach_daemon(const Given& given) {
  if (access_) return true;
  return connect(given);
}

Result<Daemon*> Reach::build_here() {
  harden();
  TRY_ASSIGN(daemon_, Daemon::build(configuration_, std::move(token_), environment_));
  return daemon_.get();
}

Result<std::unique_ptr<Reach>> Reach::open_daemon(const Given& given) {
  TRY_ASSIGN(auto out, prepare(given));
  TRY_ASSIGN(const bool connected, out->connect(given));
  if (!connected && out->silent_) return fail(std::move(*out->silent_));
  if (!connected)
    return fail(Code::kNotFound, "no daemon is running", "start one with `runnerfs mount` or `runnerfs serve`");
  return out;
}

Reach::~Reach() {
  access_.reset();
  if (daemon_) daemon_->close();
}

std::optional<Error> Reach::unread() {
  if (daemon_) return daemon_->store_trouble();
  const auto status = read_tree(*access_, ".runnerfs/status.json");
  if (!status || json_text(*status, "store.on_disk") != "false") return std::nullopt;
  const std::string trouble = json_text(*status, "store.trouble");
  return trouble.empty() ? std::nullopt : std::optional(Error{Code::kBroken, trouble, "`runnerfs status` says more", -1});
}

Error Reach::explain(const std::string& path, Error error) {
  if (error.code != Code::kNotFound || !path.starts_with("cache/")) return error;
  std::optional<Error> cause = unread();
  if (!cause) return error;
  cause->message = fmt::format("{}: the store cannot be read: {}", path, cause->message);
  return std::move(*cause);
}

Result<std::string> Reach::tree_path(const std::string& argument, bool fresh) {
  auto filled = fill_placeholders(argument, settings().repo);
  if (!filled && settings().repo.empty())
    filled = fill_placeholders(argument, json_text(identity_of(*access_), "context.repository"));
  if (!filled) return fail(std::move(filled.error()));
  std::string path = std::move(*filled);
  const auto place = path.starts_with("/") ? mount_of_path(absolute_path(path)) : std::nullopt;
  if (place) {
    path = place->second;
  } else if (path.starts_with("/") || path.find("://") != std::string::npos) {
    TRY_ASSIGN(const std::string below, path_of_url(path, settings().api_url));
    path = "api/" + below;
  }
  while (path.starts_with("./")) path.erase(0, 2);
  while (path.size() > 1 && path.ends_with("/")) path.pop_back();
  if (path == "." || path == "/") path.clear();
  if (fresh && path.starts_with("api/") && !path.starts_with("api/.now/")) path = "api/.now/" + path.substr(4);
  return path;
}

}  // namespace rfs
