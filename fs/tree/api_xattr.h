// The extended attributes of a file of api/. An unbound name has none, and none is a reason to ask.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backends/chain.h"
#include "backends/github/origin.h"
#include "fs/tree/entry_xattr.h"
#include "fs/tree/namespace.h"

namespace rfs {

// path: below api/; it tells which limit the file's next request counts against. windows may be empty.
Attributes api_attributes(const Node& node, const std::string& path, const Chain& chain, const Clock& clock,
                          const std::function<std::vector<RateWindow>()>& windows);

}  // namespace rfs
