#include "crypto/keyring_library.h"

#include <dlfcn.h>

namespace rfs {
namespace {

// By the name of its interface's version: what is found speaks the headers that this was compiled with.
constexpr const char* kLibsecret = "libsecret-1.so.0";

bool load_keyring(KeyringLibrary& out, std::string& why) {
  void* library = ::dlopen(kLibsecret, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    why = ::dlerror();
    return false;
  }
  const auto find = [&](auto& member, const char* name) {
    // Those of glib are found through what libsecret is linked with.
    member = reinterpret_cast<std::remove_reference_t<decltype(member)>>(::dlsym(library, name));
    if (member == nullptr && why.empty()) why = std::string(kLibsecret) + " has no " + name;
  };
#define RFS_KEYRING_FIND(name) find(out.name, #name);
  RFS_KEYRING_FUNCTIONS(RFS_KEYRING_FIND)
#undef RFS_KEYRING_FIND
  return why.empty();
}

}  // namespace

const KeyringLibrary* keyring_library(std::string& why) {
  static KeyringLibrary loaded;
  static std::string trouble;
  static const bool fine = load_keyring(loaded, trouble);
  why = trouble;
  return fine ? &loaded : nullptr;
}

}  // namespace rfs
