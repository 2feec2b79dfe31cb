// A configuration file of the checkout: written by the author of a pull request, so it may tune and switch off, and
// nothing in it stops the program.
#pragma once

#include <string>

#include "cli/config.h"

namespace rfs {

// REQUIRES: out.settings holds all that the owner gave; an option that the owner gave keeps the owner's value.
void apply_checkout_file(Configuration& out, const std::string& text, const std::string& path);

// The seconds that the owner lets an operation, or a route pattern with a '/', be fresh: the upper bound of what a
// checkout may say.
int owners_ttl(const Settings& owner, const std::string& name);

}  // namespace rfs
