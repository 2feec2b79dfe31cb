// Configuration files, mount options and values: foreign bytes from a checkout, from fstab, from the environment.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cli/config_checkout.h"
#include "cli/config_yaml.h"
#include "cli/fleet_key.h"
#include "cli/mount_options.h"
#include "cli/value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  rfs::Configuration configuration;
  rfs::apply_checkout_file(configuration, text, "/w/.github/cache-config.yml");
  // Whatever a checkout says, trust and places stay the owner's.
  const rfs::Settings defaults;
  for (const rfs::Option& option : rfs::option_table())
    if (option.checkout == rfs::Checkout::kNever &&
        rfs::option_text(configuration.settings, option) != rfs::option_text(defaults, option))
      std::abort();
  if (configuration.settings.cache_default_ttl > defaults.cache_default_ttl) std::abort();
  (void)rfs::parse_mount_options({text});
  (void)rfs::parse_fleet_key(text);
  if (const auto bytes = rfs::parse_size(text))
    if (rfs::parse_size(rfs::size_text(*bytes)) != bytes) std::abort();
  return 0;
}
