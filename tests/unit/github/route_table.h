// The table of routes that the tests of paths and routes read.
#pragma once

#include "backends/github/routes.h"

inline const rfs::Routes& routes() {
  static const rfs::Routes table;
  return table;
}
