#include "crypto/keyring_client.h"

#include <cstdlib>

#include "base/process.h"
#include "crypto/key_text.h"
#include "crypto/keyring_protocol.h"

namespace rfs {
namespace {

constexpr Millis kDeadline{5'000};

struct Row {
  KeyringAnswer answer;
  std::string_view word;     // of status and doctor
  std::string_view message;  // of an error
  std::string_view hint;
};

constexpr Row kRows[] = {
    {KeyringAnswer::kLocked, "locked", "the keyring is locked",
     "unlock it: log in to the desktop session, or gnome-keyring-daemon --unlock"},
    {KeyringAnswer::kNoBus, "no session bus", "there is no session bus to reach the keyring",
     "set DBUS_SESSION_BUS_ADDRESS as in your login session, or choose --key-source file"},
    {KeyringAnswer::kNoService, "no service", "no secret service answers on the session bus",
     "start gnome-keyring-daemon or another keyring, or choose --key-source file"},
    {KeyringAnswer::kNoCollection, "no keyring", "the secret service has no default keyring",
     "make one: log in to the desktop session, or gnome-keyring-daemon --unlock; or choose --key-source file"},
    {KeyringAnswer::kNoItem, "no key yet", "the keyring has no key of runnerfs",
     "if stores were made with one, bring the keyring back; else runnerfs init --key-source keyring"},
    {KeyringAnswer::kGone, "gone", "the keyring went away while it was asked", "try again"},
    {KeyringAnswer::kNoLibrary, "no libsecret", "libsecret, which asks the keyring, is not installed",
     "install libsecret-1-0, or choose --key-source file"},
    {KeyringAnswer::kExists, "available", "the keyring has a key of runnerfs already", "it is used as it is"},
};
constexpr Row kBroken{KeyringAnswer::kFailed, "failed", "the keyring could not be asked", "choose --key-source file"};

const Row& row(int exit_code) {
  for (const Row& candidate : kRows)
    if (static_cast<int>(candidate.answer) == exit_code) return candidate;
  return kBroken;
}

tl::unexpected<Error> refused(const Ran& ran) {
  const Row& known = row(ran.exit_code);
  auto code = known.answer == KeyringAnswer::kNoItem   ? Code::kNotFound
              : known.answer == KeyringAnswer::kExists ? Code::kExists
                                                       : Code::kNoKey;
  return fail(code, std::string(known.message), std::string(known.hint));
}

Result<Ran> ask(const std::string& helper, const char* word, BytesView input = {}) {
  std::vector<std::string> env;
  for (const char* name : {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME", "DISPLAY", "PATH"})
    if (const char* value = std::getenv(name)) env.push_back(std::string(name) + "=" + value);
  auto ran = run_process({helper, "keyring-helper", word}, env, kDeadline, input);
  if (ran) return ran;
  if (ran.error().code == Code::kTimeout)
    return fail(Code::kNoKey, "the keyring did not answer within 5 s", "see whether it waits for a password");
  return fail(Code::kNoKey, "the keyring could not be asked: " + ran.error().message);
}

}  // namespace

KeySourceState KeyringClient::probe() const {
  auto ran = ask(helper_, "probe");
  if (!ran) return {false, false, ran.error().message, ran.error().hint};
  if (ran->exit_code == static_cast<int>(KeyringAnswer::kFine)) return {true, true, "available", ""};
  const Row& known = row(ran->exit_code);
  if (known.answer == KeyringAnswer::kNoItem) return {true, false, "available", ""};
  return {false, false, std::string(known.word), std::string(known.hint)};
}

Result<SecretBytes> KeyringClient::get() const {
  TRY_ASSIGN(Ran ran, ask(helper_, "get"));
  if (ran.exit_code != static_cast<int>(KeyringAnswer::kFine)) return refused(ran);
  return key_from_text(ran.out.reveal());
}

Result<SecretBytes> KeyringClient::create() const {
  SecretBytes key = SecretBytes::random(32);
  TRY_ASSIGN(Ran ran, ask(helper_, "set", key_to_text(key).reveal()));
  if (ran.exit_code != static_cast<int>(KeyringAnswer::kFine)) return refused(ran);
  // What the keyring now answers with, which is another process's key if that one was quicker.
  return get();
}

Result<> KeyringClient::replace(const SecretBytes& key) const {
  TRY_ASSIGN(Ran ran, ask(helper_, "replace", key_to_text(key).reveal()));
  if (ran.exit_code != static_cast<int>(KeyringAnswer::kFine)) return refused(ran);
  // A keyring that says that it stored something, and did not, would cost every store.
  TRY_ASSIGN(const SecretBytes kept, get());
  if (!kept.equals(key.reveal()))
    return fail(Code::kNoKey, "the keyring still answers with the former key", "try again when nothing else uses it");
  return {};
}

}  // namespace rfs
