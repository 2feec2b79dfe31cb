#include "crypto/keyring_helper.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "base/file.h"
#include "base/secret.h"
#include "crypto/key_text.h"
#include "crypto/keyring_library.h"
#include "crypto/keyring_protocol.h"

namespace rfs {
namespace {

// Set once by keyring_helper_main, whose process is for this alone; what frees these objects can be told it no other way.
const KeyringLibrary* secret_api = nullptr;

// A type of its own: clang takes a lambda in an alias template for another one at each use.
struct Unref {
  void operator()(void* object) const { secret_api->g_object_unref(object); }
};
template <class T>
using Object = std::unique_ptr<T, Unref>;
using Attributes = std::unique_ptr<GHashTable, decltype([](GHashTable* table) { secret_api->g_hash_table_unref(table); })>;
using Value = std::unique_ptr<SecretValue, decltype([](SecretValue* value) { secret_api->secret_value_unref(value); })>;

// One key for each user, whatever the number of stores: each store derives its own from it.
const SecretSchema* schema() {
  static const SecretSchema kSchema = {"io.github.runnerfs.RootKey",
                                       SECRET_SCHEMA_NONE,
                                       {{"application", SECRET_SCHEMA_ATTRIBUTE_STRING},
                                        {"purpose", SECRET_SCHEMA_ATTRIBUTE_STRING},
                                        {nullptr, SECRET_SCHEMA_ATTRIBUTE_STRING}}};
  return &kSchema;
}
Attributes attributes() {
  return Attributes(secret_api->secret_attributes_build(schema(), "application", "runnerfs", "purpose", "root-key", nullptr));
}

// GLib's convention: an out-parameter that is set on failure.
class Out {
 public:
  ~Out() { secret_api->g_clear_error(&error_); }
  GError** put() { return &error_; }
  explicit operator bool() const { return error_ != nullptr; }
  bool is(GQuark domain, int code) const { return error_ && secret_api->g_error_matches(error_, domain, code); }
  GError* get() const { return error_; }

 private:
  GError* error_ = nullptr;
};

KeyringAnswer answer_for(const Out& error) {
  for (int code : {G_DBUS_ERROR_SERVICE_UNKNOWN, G_DBUS_ERROR_NAME_HAS_NO_OWNER, G_DBUS_ERROR_SPAWN_EXEC_FAILED,
                   G_DBUS_ERROR_SPAWN_FAILED, G_DBUS_ERROR_SPAWN_CHILD_EXITED, G_DBUS_ERROR_SPAWN_CHILD_SIGNALED,
                   G_DBUS_ERROR_SPAWN_SERVICE_NOT_FOUND, G_DBUS_ERROR_SPAWN_FILE_INVALID})
    if (error.is(secret_api->g_dbus_error_quark(), code)) return KeyringAnswer::kNoService;
  for (int code : {G_DBUS_ERROR_UNKNOWN_OBJECT, G_DBUS_ERROR_UNKNOWN_METHOD, G_DBUS_ERROR_UNKNOWN_INTERFACE})
    if (error.is(secret_api->g_dbus_error_quark(), code)) return KeyringAnswer::kNoCollection;
  if (error.is(secret_api->secret_error_get_quark(), SECRET_ERROR_NO_SUCH_OBJECT)) return KeyringAnswer::kNoCollection;
  if (error.is(secret_api->secret_error_get_quark(), SECRET_ERROR_IS_LOCKED)) return KeyringAnswer::kLocked;
  const GQuark dbus = secret_api->g_dbus_error_quark(), io = secret_api->g_io_error_quark();
  if (error.is(dbus, G_DBUS_ERROR_NO_REPLY) || error.is(dbus, G_DBUS_ERROR_DISCONNECTED) ||
      error.is(io, G_IO_ERROR_CLOSED) || error.is(io, G_IO_ERROR_BROKEN_PIPE))
    return KeyringAnswer::kGone;
  if (error) fprintf(stderr, "%s\n", error.get()->message);
  return KeyringAnswer::kFailed;
}

// Asked for before GLib, which would start a bus of its own on a display: that bus has an empty keyring.
bool bus_is_named() {
  if (const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS"); address && *address) return true;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  struct stat info {};
  return runtime && *runtime && ::stat((std::string(runtime) + "/bus").c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

struct Keyring {
  Object<GDBusConnection> bus;
  Object<SecretService> service;
  Object<SecretCollection> collection;  // the default one
};

KeyringAnswer connect(Keyring& keyring) {
  if (!bus_is_named()) return KeyringAnswer::kNoBus;
  Out error;
  keyring.bus.reset(secret_api->g_bus_get_sync(G_BUS_TYPE_SESSION, nullptr, error.put()));
  if (!keyring.bus) return KeyringAnswer::kNoBus;
  secret_api->g_dbus_connection_set_exit_on_close(keyring.bus.get(), FALSE);  // else it ends the process with SIGTERM
  keyring.service.reset(secret_api->secret_service_get_sync(SECRET_SERVICE_OPEN_SESSION, nullptr, error.put()));
  return keyring.service ? KeyringAnswer::kFine : answer_for(error);
}

// After the items: an unlocked one counts wherever it is. Locked is told from empty here, since a search alone does not
// tell them apart.
KeyringAnswer open_default(Keyring& keyring) {
  Out error;
  keyring.collection.reset(secret_api->secret_collection_for_alias_sync(keyring.service.get(), SECRET_COLLECTION_DEFAULT,
                                                            SECRET_COLLECTION_NONE, nullptr, error.put()));
  if (error) return answer_for(error);
  if (!keyring.collection) return KeyringAnswer::kNoCollection;
  return secret_api->secret_collection_get_locked(keyring.collection.get()) ? KeyringAnswer::kLocked : KeyringAnswer::kFine;
}

// kFine with the item, kNoItem, kLocked or a failure. Of several (two first mounts at one time) the oldest: every
// process then picks the same one.
KeyringAnswer find(Keyring& keyring, Object<SecretItem>& found) {
  Out error;
  Attributes wanted = attributes();
  GList* items =
      secret_api->secret_service_search_sync(keyring.service.get(), schema(), wanted.get(), SECRET_SEARCH_ALL, nullptr, error.put());
  if (error) return answer_for(error);
  bool locked = false;
  auto age = [](SecretItem* item) {
    std::string path = secret_api->g_dbus_proxy_get_object_path(reinterpret_cast<GDBusProxy*>(item));
    return std::tuple(secret_api->secret_item_get_created(item), path.size(), path);
  };
  for (GList* at = items; at; at = at->next) {
    auto* item = static_cast<SecretItem*>(at->data);
    if (secret_api->secret_item_get_locked(item))
      locked = true;
    else if (!found || age(item) < age(found.get()))
      found.reset(static_cast<SecretItem*>(secret_api->g_object_ref(item)));
  }
  secret_api->g_list_free_full(items, secret_api->g_object_unref);
  if (found) return KeyringAnswer::kFine;
  if (locked) return KeyringAnswer::kLocked;
  KeyringAnswer state = open_default(keyring);
  return state == KeyringAnswer::kFine ? KeyringAnswer::kNoItem : state;
}

KeyringAnswer get(Keyring& keyring) {
  Object<SecretItem> item;
  if (auto state = find(keyring, item); state != KeyringAnswer::kFine) return state;
  Out error;
  if (!secret_api->secret_item_load_secret_sync(item.get(), nullptr, error.put())) return answer_for(error);
  Value value(secret_api->secret_item_get_secret(item.get()));
  if (!value) return KeyringAnswer::kLocked;
  gsize size = 0;
  const gchar* chars = secret_api->secret_value_get(value.get(), &size);
  return write_all(STDOUT_FILENO, view(std::string_view(chars, size))) ? KeyringAnswer::kFine : KeyringAnswer::kFailed;
}

// The text of a key from stdin; empty when that is none.
SecretBytes key_from_stdin() {
  SecretBytes chars(kKeyTextMost);
  std::size_t size = 0;
  while (size < chars.size()) {
    ssize_t n = ::read(STDIN_FILENO, chars.reveal_mutable().data() + size, chars.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (!key_from_text(chars.reveal().first(size))) return {};
  return SecretBytes::copy_of(chars.reveal().first(size));
}

Value value_of(const SecretBytes& text) {
  return Value(secret_api->secret_value_new(text.reveal_text().data(), static_cast<gssize>(text.size()), "text/plain"));
}

KeyringAnswer set(Keyring& keyring) {
  const SecretBytes text = key_from_stdin();
  if (text.empty()) return KeyringAnswer::kFailed;
  Object<SecretItem> item;
  auto state = find(keyring, item);
  if (state == KeyringAnswer::kFine) return KeyringAnswer::kExists;
  if (state != KeyringAnswer::kNoItem) return state;
  Out error;
  Attributes named = attributes();
  item.reset(secret_api->secret_item_create_sync(keyring.collection.get(), schema(), named.get(), "runnerfs root key",
                                     value_of(text).get(), SECRET_ITEM_CREATE_NONE, nullptr, error.put()));
  return item ? KeyringAnswer::kFine : answer_for(error);
}

KeyringAnswer replace(Keyring& keyring) {
  const SecretBytes text = key_from_stdin();
  if (text.empty()) return KeyringAnswer::kFailed;
  Object<SecretItem> item;
  if (auto state = find(keyring, item); state != KeyringAnswer::kFine) return state;
  Out error;
  return secret_api->secret_item_set_secret_sync(item.get(), value_of(text).get(), nullptr, error.put()) ? KeyringAnswer::kFine
                                                                                             : answer_for(error);
}

KeyringAnswer probe(Keyring& keyring) {
  Object<SecretItem> item;
  return find(keyring, item);
}

}  // namespace

int keyring_helper_main(int argc, char** argv) {
  // The key passes through here: no core, no debugger of the same user.
  ::prctl(PR_SET_DUMPABLE, 0);
  rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  KeyringAnswer (*action)(Keyring&) = nullptr;
  std::string_view word = argc == 3 ? argv[2] : "";
  if (word == "get") action = get;
  if (word == "set") action = set;
  if (word == "replace") action = replace;
  if (word == "probe") action = probe;
  if (!action) {
    fputs("usage: keyring-helper get|set|replace|probe\n", stderr);
    return 2;
  }
  std::string why;
  secret_api = keyring_library(why);
  if (secret_api == nullptr) {
    fprintf(stderr, "%s\n", why.c_str());
    return static_cast<int>(KeyringAnswer::kNoLibrary);
  }
  Keyring keyring;
  auto answer = connect(keyring);
  if (answer == KeyringAnswer::kFine) answer = action(keyring);
  return static_cast<int>(answer);
}

}  // namespace rfs
