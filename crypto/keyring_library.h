// libsecret, opened when the keyring is asked and at no other time: whoever keeps keys elsewhere needs neither it nor the
// half of a desktop that it stands on. Only the keyring helper uses it.
#pragma once

#include <libsecret/secret.h>

#include <string>

namespace rfs {

// Each member is the function of its name, with the type that the header gives it.
struct KeyringLibrary {
#define RFS_KEYRING_FUNCTIONS(X)                                                                                    \
  X(g_bus_get_sync) X(g_clear_error) X(g_dbus_connection_set_exit_on_close) X(g_dbus_error_quark)                    \
  X(g_dbus_proxy_get_object_path) X(g_error_matches) X(g_hash_table_unref) X(g_io_error_quark) X(g_list_free_full)   \
  X(g_object_ref) X(g_object_unref) X(secret_attributes_build) X(secret_collection_for_alias_sync)                   \
  X(secret_collection_get_locked) X(secret_error_get_quark) X(secret_item_create_sync) X(secret_item_get_created)    \
  X(secret_item_get_locked) X(secret_item_get_secret) X(secret_item_load_secret_sync) X(secret_item_set_secret_sync) \
  X(secret_service_get_sync) X(secret_service_search_sync) X(secret_value_get) X(secret_value_new)                   \
  X(secret_value_unref)
#define RFS_KEYRING_MEMBER(name) decltype(&::name) name = nullptr;
  // Some of glib's names are macros as well.
#undef g_object_ref
  RFS_KEYRING_FUNCTIONS(RFS_KEYRING_MEMBER)
#undef RFS_KEYRING_MEMBER
};

// Opens it, once; it is never closed. Null, and what the loader said in `why`, when it is not installed.
const KeyringLibrary* keyring_library(std::string& why);

}  // namespace rfs
