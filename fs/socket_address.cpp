#include "fs/socket_address.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <cstring>

namespace rfs {

Result<> socket_address(const std::string& path, sockaddr_un& out) {
  out = sockaddr_un{};
  out.sun_family = AF_UNIX;
  if (path.empty() || path[0] != '/')
    return fail(Code::kInvalid, fmt::format("the socket's path \"{}\" is not absolute", path));
  if (path.size() >= sizeof out.sun_path)
    return fail(Code::kNameTooLong,
                fmt::format("the socket's path is {} bytes long, the kernel takes {}: {}", path.size(),
                            sizeof out.sun_path - 1, path),
                "name a shorter one");
  std::memcpy(out.sun_path, path.data(), path.size());
  return {};
}

}  // namespace rfs
