// The program behind the hidden subcommand `keyring-helper get|set|probe`. The key's text goes over stdin and stdout,
// never over arguments. It never prompts. The only user of libsecret.
#pragma once

namespace rfs {

// argv: main's own, argv[1] is "keyring-helper", argv[2] the word. Answers the exit code (KeyringAnswer; 2 for usage).
// Ends within the caller's deadline or is killed.
int keyring_helper_main(int argc, char** argv);

}  // namespace rfs
