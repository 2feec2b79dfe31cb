#include "cli/command.h"
#include "cli/fleet_key.h"
#include "cli/message.h"

namespace rfs {

// Straight to stdout: the secret is in no string of ours.
int run_keygen(const Given&) {
  const SecretBytes text = fleet_key_text(SecretBytes::random(32));
  const auto printed = to_stdout(text.reveal());
  if (!printed) return report(printed.error());
  return print("\n");
}

}  // namespace rfs
