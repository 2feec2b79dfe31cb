// What the keyring helper says by its exit code. Its own process, because libsecret's calls can hang, prompt and load
// half a desktop, and because its memory then ends with it.
#pragma once

namespace rfs {

enum class KeyringAnswer : int {
  kFine = 0,           // get: the key's text is on stdout. set, replace: it was stored. probe: unlocked, and a key is there
  kFailed = 1,         // anything else; one line on stderr
  kLocked = 20,        // the keyring is locked: whether a key is in it cannot be known
  kNoBus = 21,         // no session bus, or one that does not let us in
  kNoService = 22,     // nobody on the bus keeps secrets
  kNoCollection = 23,  // the service has no default keyring; making one would ask the user for a password
  kNoItem = 24,        // unlocked, and no key in it
  kGone = 25,          // the bus or the service went away while it was asked
  kExists = 26,        // set: a key is there already
  kNoLibrary = 27,     // libsecret is not installed
};

}  // namespace rfs
