// Names below api/, as the kernel and the command line give them; and URLs.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "backends/github/path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const rfs::Routes routes;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto name = rfs::parse_api_path(text, routes);
  if (name && name->what == rfs::ApiName::What::kFile) {
    // The spelling that listings print is the same file, and its own spelling.
    const auto again = rfs::parse_api_path(name->display, routes);
    // Escapes make a name longer: what does not fit a file name any more is said to be so.
    if (!again && again.error().code == rfs::Code::kNameTooLong) return 0;
    if (!again || again->what != rfs::ApiName::What::kFile || again->display != name->display) std::abort();
    if (rfs::canonical_key("h", *again->request) != rfs::canonical_key("h", *name->request)) std::abort();
    // What is sent is one line of printable ASCII.
    for (const char c : name->request->path + name->request->query)
      if (c <= ' ' || c >= 0x7f) std::abort();
  }
  if (const auto path = rfs::path_of_url(text, "https://api.github.com"))
    // Escapes make a URL longer: what does not fit a file name any more is said to be so.
    if (const auto found = rfs::parse_api_path(*path, routes); !found && found.error().code != rfs::Code::kNameTooLong) std::abort();
  (void)rfs::fill_placeholders(text, "octo/hello");
  return 0;
}
