// The address of a Unix socket by path.
#pragma once

#include <sys/un.h>

#include <string>

#include "base/result.h"

namespace rfs {

// kNameTooLong over 107 bytes, the kernel's limit; kInvalid for a path that is not absolute.
Result<> socket_address(const std::string& path, sockaddr_un& out);

}  // namespace rfs
