// secrets/ of a daemon: opened once, or the reason why it is not there; its part of status and of the control file.
#include "base/json.h"
#include "base/log.h"
#include "cli/audit.h"
#include "cli/daemon.h"
#include "fs/tree/accessor.h"
#include "fs/tree/secret_xattr.h"
#include "fs/tree/secrets.h"
#include "fs/tree/unavailable.h"

namespace rfs {
namespace {

constexpr const char* kProtectsJob =
    "root key and credentials are in memory and end with the job; every step of it is one reader";
constexpr const char* kProtectsUser = "disk, backups and other users; every process of this user is one reader";

}  // namespace

Result<std::unique_ptr<Vault>> Daemon::open_vault(std::string& notice) {
  ChosenKey own;
  const ChosenKey* chosen = &key_;
  if (isolation_ == Isolation::kUser && !keeps_answers(settings_)) {  // then the key was not asked for yet
    KeySource source(key_options_);
    TRY_ASSIGN(own, choose_root_key(settings_, source, has_stores(settings_)));
    notices_.insert(notices_.end(), own.notices.begin(), own.notices.end());
    chosen = &own;
  }
  if (isolation_ == Isolation::kUser && chosen->trouble) return fail(*chosen->trouble);
  if (chosen->memory_only) isolation_ = Isolation::kJob;
  VaultOptions options;
  options.directory = settings_.credentials_directory;
  options.isolation = isolation_;
  options.audit_always = settings_.audit_sync == "always";
  options.require_mlock = settings_.require_mlock;
  TRY_ASSIGN(options.audit_owner, audit_owner_of(settings_));
  return Vault::open(options, context_, chosen->key, clock_, counters_, errors_, notice);
}

// A store that cannot be had leaves the rest of the mount as it is.
Namespace* Daemon::make_secrets() {
  std::string notice;
  auto opened = open_vault(notice);
  if (!notice.empty()) notices_.push_back(notice);
  if (!opened) {
    secrets_trouble_ = opened.error().message;
    trouble("secrets/ is not available", opened.error());
    secrets_tree_ = std::make_unique<Unavailable>(opened.error());
    return secrets_tree_.get();
  }
  std::shared_ptr<Vault> vault = std::move(*opened);
  secrets_tree_ = std::make_unique<SecretsTree>(SecretsTreeOptions{served_.uid}, *vault, clock_, *pool_, errors_);
  *vault_.lock() = std::move(vault);
  return secrets_tree_.get();
}

void Daemon::open_secrets() { (void)secrets_.list("", Caller{served_.uid, served_.gid, 0}); }

Vault::State Daemon::credentials() {
  const std::shared_ptr<Vault> vault = *vault_.lock();
  return vault ? vault->state() : Vault::State{};
}

std::string Daemon::context_json() const {
  JsonLine line;
  line.text("repository", context_.repository).text("repository_id", context_.repository_id);
  line.text("workflow_file", context_.workflow_file).text("workflow_name", context_.workflow_name);
  line.text("runner", context_.runner_id).text("event", context_.event);
  return line.text("untrusted", context_.untrusted_why).str();
}

std::string Daemon::secrets_json() {
  const std::shared_ptr<Vault> vault = *vault_.lock();
  const Vault::State state = vault ? vault->state() : Vault::State{};
  const bool job = isolation_ == Isolation::kJob;
  JsonLine line;
  line.boolean("available", vault != nullptr).text("isolation", isolation_word(isolation_));
  line.text("protects", job ? kProtectsJob : kProtectsUser).text("scopes", "advisory (same uid)");
  line.text("directory", job ? "" : settings_.credentials_directory).text("audit_sync", settings_.audit_sync);
  line.text("audit_anchor", state.audit.seq > 0 ? anchor_text({state.audit.seq, state.audit.mac}) : "");
  line.number("active", state.active).number("expired", state.expired_now).boolean("locked", state.locked_memory);
  return line.text("trouble", vault ? state.trouble : secrets_trouble_).raw("context", context_json()).str();
}

Result<> Daemon::control_secrets(const std::string& command, const Caller& caller) {
  (void)secrets_.list("", Caller{served_.uid, served_.gid, 0});  // opened, if it was not yet
  const std::shared_ptr<Vault> vault = *vault_.lock();
  if (!vault)
    return fail(Code::kUnsupported, "secrets/ is not available: " + secrets_trouble_, "see `runnerfs status`");
  if (command == "cleanup") {
    TRY_ASSIGN(const std::uint64_t removed, vault->cleanup(accessor_of(caller)));
    log(Level::kInfo, "{} expired credentials were removed", removed);
    return {};
  }
  if (command == "rekey") return vault->rekey(nullptr, accessor_of(caller));
  return fail(Code::kInvalid, "there is no such command for secrets", "write `secret cleanup` or `secret rekey`");
}

}  // namespace rfs
