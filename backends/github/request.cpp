#include "backends/github/request.h"

#include "base/bytes.h"

namespace rfs {

std::string canonical_key(const std::string& host, const ApiRequest& request) {
  Bytes out;
  for (std::string_view part : {std::string_view(host), std::string_view(request.path), std::string_view(request.query),
                                std::string_view(request.accept), std::string_view(kApiVersion)})
    append_lp(out, part);
  return std::string(text(out));
}

EntryKey entry_key(const std::string& host, const ApiRequest& request, const std::string& partition) {
  EntryKey key;
  key.space = Space::kApi;
  key.partition = partition;
  key.canonical = canonical_key(host, request);
  auto slash = request.display.rfind('/');
  if (slash != std::string::npos) key.directory = request.display.substr(0, slash);
  key.name = request.display.substr(slash == std::string::npos ? 0 : slash + 1);
  return key;
}

}  // namespace rfs
