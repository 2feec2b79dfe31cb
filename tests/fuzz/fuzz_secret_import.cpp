// Documents of `secret import`, and values of `mask`.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cli/mask_forms.h"
#include "cli/secret_import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (!rfs::secret_setup()) std::abort();
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto all = rfs::parse_import(rfs::SecretBytes::copy_of(text)))
    for (const rfs::Imported& one : *all)
      if (one.name.empty()) std::abort();
  bool left_out = false;
  for (const std::string& form : rfs::mask_forms(text, left_out)) {
    const std::string line = rfs::mask_line(form);
    // One line each: what follows it is not a command of ours.
    if (form.size() < 4 || !line.starts_with("::add-mask::") || line.find_first_of("\r\n") != line.size() - 1) std::abort();
  }
  return 0;
}
