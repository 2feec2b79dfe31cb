#include "fs/tree/secrets.h"

#include <algorithm>
#include <set>

#include "fs/tree/accessor.h"
#include "fs/tree/readme.h"
#include "fs/tree/secret_file.h"
#include "fs/tree/secret_path.h"
#include "fs/tree/secret_xattr.h"
#include "fs/tree/secrets_writer.h"

namespace rfs {
namespace {

using What = SecretPath::What;

constexpr const char* kTtl = "user.runnerfs.ttl";

tl::unexpected<Error> no_credential() {
  return fail(Code::kNotFound, "there is no such credential that this mount may see",
              "`runnerfs secret ls` lists them");
}
tl::unexpected<Error> directory() { return fail(Code::kIsDirectory, "it is a directory of secrets/"); }

Node directory_node() {
  Node node;
  node.kind = Node::Kind::kDirectory;
  node.mode = 0700;
  return node;
}

// A directory that is always there and always the same: the kernel need not ask again on the way to each credential.
// What is below it is still asked for at every access.
Node lasting_directory_node() {
  Node node = directory_node();
  node.timeout = 3600;
  return node;
}

Node file_node(FilePtr file, mode_t mode = 0600) {
  Node node;
  node.kind = Node::Kind::kFile;
  node.file = std::move(file);
  node.mode = mode;
  return node;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace

struct SecretsTree::Impl {
  Impl(SecretsTreeOptions o, Vault& v, const Clock& clock, Pool& pool, ErrorRing& e)
      : options(o),
        vault(v),
        errors(e),
        readme(text_file(kSecretsReadme, clock.wall(), false)),
        writing{v, pool, e, std::make_shared<Gate>()} {}
  ~Impl() { writing.gate->close(); }

  const SecretsTreeOptions options;
  Vault& vault;
  ErrorRing& errors;
  const FilePtr readme;
  const SecretsWriting writing;

  Result<SecretPath> enter(const std::string& path, const Caller& caller);
  // What a path that may be a credential holds, without its value; kNotFound when there is none.
  Result<CredentialInfo> info(const SecretPath& where);
  Result<CredentialPtr> value(const SecretPath& where, const Accessor& who);
  Result<Node> credential_node(const SecretPath& where, const Caller& caller);
  bool refusable(const SecretPath& where) const;
  Result<bool> has_scopes(ScopeKind kind, const std::string& prefix);
  Result<std::vector<Listing>> scopes_below(ScopeKind kind, const std::string& prefix);
  Result<std::optional<CredentialInfo>> present(const SecretPath& where);
  Result<Scope> scope_to_write(const SecretPath& where, const std::optional<CredentialInfo>& present);
  void open(const std::string& path, const Caller& caller, Reply<FilePtr>& reply);
  Result<> told(const std::string& path, const Error& error);
};

// Who may come in at all, and what the name means.
Result<SecretPath> SecretsTree::Impl::enter(const std::string& path, const Caller& caller) {
  if (caller.uid == options.owner) return parse_secret_path(path, vault.context());
  Error error{Code::kDenied, "secrets/ belongs to another user", "only the user that the mount serves may use it", -1};
  TRY(vault.refuse(path, "other_user", accessor_of(caller)));
  errors.add("secrets/" + path, error);
  return fail(std::move(error));
}

Result<CredentialInfo> SecretsTree::Impl::info(const SecretPath& where) {
  if (where.what == What::kEffective) return vault.find_effective(where.name);
  if (where.scope && !where.name.empty()) return vault.find_scoped(*where.scope, where.name);
  return no_credential();
}

Result<CredentialPtr> SecretsTree::Impl::value(const SecretPath& where, const Accessor& who) {
  if (where.what == What::kEffective) return vault.open_effective(where.name, who);
  return vault.open_scoped(*where.scope, where.name, who);
}

Result<bool> SecretsTree::Impl::has_scopes(ScopeKind kind, const std::string& prefix) {
  TRY_ASSIGN(const auto below, scopes_below(kind, prefix));
  return !below.empty();
}

Result<Node> SecretsTree::Impl::credential_node(const SecretPath& where, const Caller& caller) {
  auto found = info(where);
  if (found) return file_node(std::make_shared<SecretFace>(*found));
  // It is there; opening it says why it is not for this mount.
  if (found.error().code == Code::kDenied) return file_node(std::make_shared<SecretFace>(0, 0));
  if (found.error().code != Code::kNotFound) return fail(std::move(found.error()));
  if (refusable(where)) {
    // The kernel stops at an absent name, so an access to one that is expired or another scope's ends here: the vault
    // has its audit line to write. It has none for a name that nobody holds.
    auto opened = value(where, accessor_of(caller));
    if (opened) return file_node(std::make_shared<SecretFace>((*opened)->info));
    if (opened.error().code != Code::kNotFound && opened.error().code != Code::kExpired)
      return fail(std::move(opened.error()));
  }
  if (where.ambiguous()) return directory_node();
  if (!where.prefix.empty()) {
    TRY_ASSIGN(const bool repository, has_scopes(where.kind, where.prefix));
    if (repository) return directory_node();
  }
  return Node();
}

// By scope only where the context reads: another scope's absent name is no access, and its owner may create it.
bool SecretsTree::Impl::refusable(const SecretPath& where) const {
  if (where.what == What::kEffective) return true;
  const auto scopes = readable_scopes(vault.context());
  return std::find(scopes.begin(), scopes.end(), *where.scope) != scopes.end();
}

// The next part of every scope's id that begins with `prefix`.
Result<std::vector<Listing>> SecretsTree::Impl::scopes_below(ScopeKind kind, const std::string& prefix) {
  const std::string wanted = lower(prefix);  // owners and repositories; a whole id never comes here
  const bool last = kind == ScopeKind::kRunner || std::count(prefix.begin(), prefix.end(), '/') == 2;
  TRY_ASSIGN(const auto scopes, vault.scopes());
  std::set<std::string> names;
  for (const Scope& scope : scopes) {
    if (scope.kind != kind || !scope.id.starts_with(wanted)) continue;
    const std::string rest = scope.id.substr(wanted.size());
    names.insert(scope_component(last ? rest : rest.substr(0, rest.find('/'))));
  }
  std::vector<Listing> out;
  for (const std::string& name : names) out.push_back({name, true});
  return out;
}

// What a name that may be written holds now. The refusals of names that no credential may have.
Result<std::optional<CredentialInfo>> SecretsTree::Impl::present(const SecretPath& where) {
  if (where.what == What::kReadme) return fail(Code::kReadOnly, "README cannot be written", "another name can");
  if (where.what == What::kAbsent)
    return fail(Code::kInvalid, "no credential may have this name", "choose a name such as API_KEY");
  if (where.name.empty()) return directory();
  auto found = info(where);
  if (found) return std::optional(std::move(*found));
  if (found.error().code != Code::kNotFound && found.error().code != Code::kDenied) return fail(found.error());
  return std::optional<CredentialInfo>();
}

// A new name belongs to the mount's repository; one that is there is rotated where it is.
Result<Scope> SecretsTree::Impl::scope_to_write(const SecretPath& where, const std::optional<CredentialInfo>& present) {
  if (present) return present->scope;
  if (where.scope) return *where.scope;
  return vault.scope_to_write(where.name);
}

Result<> SecretsTree::Impl::told(const std::string& path, const Error& error) {
  if (error.code != Code::kNotFound) errors.add("secrets/" + path, error);
  return fail(error);
}

void SecretsTree::Impl::open(const std::string& path, const Caller& caller, Reply<FilePtr>& reply) {
  auto where = enter(path, caller);
  if (!where) return reply(fail(std::move(where.error())));
  if (where->what == What::kReadme) return reply(readme);
  if (where->what == What::kAbsent) return reply(no_credential());
  if (where->name.empty()) return reply(directory());
  Accessor who = accessor_of(caller);
  auto opened = value(*where, who);
  if (!opened) {
    auto& error = opened.error();
    // By name an expired credential is gone; EKEYEXPIRED is for who has it open.
    if (error.code == Code::kExpired) error.code = Code::kNotFound;
    if (where->ambiguous() && error.code == Code::kNotFound) return reply(directory());
    return (void)told(path, error), reply(fail(std::move(error)));
  }
  reply(FilePtr(std::make_shared<SecretFile>(vault, std::move(*opened), std::move(who))));
}

SecretsTree::SecretsTree(SecretsTreeOptions options, Vault& vault, const Clock& clock, Pool& pool, ErrorRing& errors)
    : impl_(std::make_unique<Impl>(options, vault, clock, pool, errors)) {}
SecretsTree::~SecretsTree() = default;

Result<Node> SecretsTree::lookup(const std::string& path, const Caller& caller) {
  if (path.empty()) return lasting_directory_node();  // whoever may list the root may know that it is there
  TRY_ASSIGN(const SecretPath where, impl_->enter(path, caller));
  switch (where.what) {
    case What::kRoot:
    case What::kScopes:
      return lasting_directory_node();
    case What::kScope:
      return directory_node();
    case What::kReadme:
      return file_node(impl_->readme, 0400);
    case What::kGroup:
      if (!where.ambiguous()) return directory_node();
      break;
    case What::kEffective:
    case What::kCredential:
      break;
    case What::kAbsent:
      return Node();
  }
  return impl_->credential_node(where, caller);
}

Result<std::vector<Listing>> SecretsTree::list(const std::string& path, const Caller& caller) {
  TRY_ASSIGN(const SecretPath where, impl_->enter(path, caller));
  std::vector<Listing> out;
  const auto add = [&](std::vector<CredentialInfo> infos) {
    for (CredentialInfo& info : infos)
      if (where.what != What::kRoot || info.name != kReadmeName) out.push_back({std::move(info.name), false});
  };
  switch (where.what) {
    case What::kRoot: {
      out.push_back({kReadmeName, false});
      TRY_ASSIGN(auto infos, impl_->vault.list_effective());
      add(std::move(infos));
      return out;
    }
    case What::kScopes:
      return std::vector<Listing>{{"global", true}, {"repo", true}, {"workflow", true}, {"runner", true}};
    case What::kGroup:
      return impl_->scopes_below(where.kind, where.prefix);
    case What::kScope: {
      TRY_ASSIGN(auto infos, impl_->vault.list_scope(*where.scope));
      add(std::move(infos));
      return out;
    }
    case What::kAbsent:
      return no_credential();
    case What::kCredential:
      if (!where.prefix.empty()) return impl_->scopes_below(where.kind, where.prefix);
      break;
    case What::kReadme:
    case What::kEffective:
      break;
  }
  return fail(Code::kNotDirectory, "a credential is a file");
}

void SecretsTree::bind(const std::string& path, const Caller& caller, Reply<FilePtr> reply) {
  auto node = lookup(path, caller);
  if (!node) return reply(fail(std::move(node.error())));
  if (node->kind == Node::Kind::kDirectory) return reply(directory());
  if (!node->file) return reply(no_credential());
  reply(std::move(node->file));
}

void SecretsTree::open(const std::string& path, const Caller& caller, FilePtr, Reply<FilePtr> reply) {
  impl_->open(path, caller, reply);
}

Result<std::unique_ptr<Writer>> SecretsTree::write(const std::string& path, const Caller& caller, bool create,
                                                   bool truncate, bool exclusive) {
  TRY_ASSIGN(const SecretPath where, impl_->enter(path, caller));
  const auto held = impl_->present(where);
  if (!held) return fail(impl_->told(path, held.error()).error());
  const std::optional<CredentialInfo>& present = *held;
  if (present && exclusive) return fail(Code::kExists, "the credential exists");
  if (!present && !create) TRY(impl_->info(where));  // its refusal
  SecretsTarget target;
  target.path = path;
  target.name = where.name;
  TRY_ASSIGN(target.scope, impl_->scope_to_write(where, present));
  target.who = accessor_of(caller);
  SecretsWriter::Present keep;
  if (present && !truncate) keep = [impl = impl_.get(), where, who = target.who] { return impl->value(where, who); };
  return std::unique_ptr<Writer>(
      std::make_unique<SecretsWriter>(impl_->writing, std::move(target), std::move(keep), present ? present->size : 0));
}

Result<> SecretsTree::write_all(std::span<const NewFile> files, const Caller& caller) {
  std::vector<Vault::New> all;
  all.reserve(files.size());
  for (const NewFile& file : files) {
    const auto one = [&]() -> Result<Vault::New> {
      TRY_ASSIGN(const SecretPath where, impl_->enter(file.path, caller));
      TRY_ASSIGN(const auto present, impl_->present(where));
      Vault::New made;
      TRY_ASSIGN(made.scope, impl_->scope_to_write(where, present));
      made.name = where.name;
      made.value = file.content;
      for (const auto& [name, value] : file.attributes) TRY(set_put(made.how, name, value));
      return made;
    }();
    if (!one) {
      Error error = one.error();
      error.message = "secrets/" + file.path + ": " + error.message;
      return fail(std::move(error));
    }
    all.push_back(*one);
  }
  auto stored = impl_->vault.put_all(all, accessor_of(caller));
  if (!stored) return impl_->told("", stored.error());
  return {};
}

Result<> SecretsTree::remove(const std::string& path, const Caller& caller) {
  TRY_ASSIGN(const SecretPath where, impl_->enter(path, caller));
  if (where.what == What::kReadme) return fail(Code::kReadOnly, "README stays");
  if (where.what == What::kAbsent) return no_credential();
  if (where.name.empty()) return directory();
  Scope scope;
  if (where.scope) {
    scope = *where.scope;
  } else {
    TRY_ASSIGN(const CredentialInfo info, impl_->info(where));
    scope = info.scope;
  }
  auto removed = impl_->vault.remove(scope, where.name, accessor_of(caller));
  if (!removed) return impl_->told(path, removed.error());
  return {};
}

Result<> SecretsTree::make_directory(const std::string& path, const Caller& caller) {
  TRY_ASSIGN(const Node node, lookup(path, caller));
  if (node.kind != Node::Kind::kAbsent) return fail(Code::kExists, "it exists");
  return fail(Code::kDenied, "secrets/ has no directories but those of its scopes",
              "below .scopes they exist by name alone");
}

Result<std::vector<std::string>> SecretsTree::xattr_names(const std::string& path, const Caller& caller) {
  TRY_ASSIGN(const SecretPath where, impl_->enter(path, caller));
  if (where.what == What::kRoot) return names_of(secrets_attributes(impl_->vault));
  if (where.name.empty() || where.what == What::kReadme) return std::vector<std::string>{};
  const auto info = impl_->info(where);
  if (info) return names_of(secret_attributes(*info));
  if (where.ambiguous() || info.error().code == Code::kDenied) return std::vector<std::string>{};
  return fail(info.error());
}

Result<std::string> SecretsTree::xattr(const std::string& path, const std::string& name, const Caller& caller) {
  TRY_ASSIGN(const SecretPath where, impl_->enter(path, caller));
  if (where.what == What::kRoot) return value_of(secrets_attributes(impl_->vault), name);
  if (where.name.empty() || where.what == What::kReadme) return fail(Code::kNoAttribute, "no such attribute");
  const auto info = impl_->info(where);
  if (info) return value_of(secret_attributes(*info), name);
  if (where.ambiguous() || info.error().code == Code::kDenied) return fail(Code::kNoAttribute, "no such attribute");
  return fail(info.error());
}

Result<> SecretsTree::set_xattr(const std::string& path, const std::string& name, std::string_view value,
                                const Caller& caller) {
  TRY_ASSIGN(const SecretPath where, impl_->enter(path, caller));
  if (where.name.empty() || where.what == What::kReadme) return fail(Code::kReadOnly, "this attribute cannot be set");
  if (name != kTtl) return fail(Code::kUnsupported, "only user.runnerfs.ttl can be set");
  const auto seconds = parse_ttl(value);
  if (!seconds) return impl_->told(path, seconds.error());
  TRY_ASSIGN(const CredentialInfo info, impl_->info(where));
  auto set = impl_->vault.set_ttl(info.scope, where.name, *seconds, accessor_of(caller));
  if (!set) return impl_->told(path, set.error());
  return {};
}

}  // namespace rfs
