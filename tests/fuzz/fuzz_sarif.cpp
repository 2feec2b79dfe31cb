// libFuzzer: the SARIF reader. In pieces it says what it says of the whole, and what it accepts it counts as a plain
// reader of nlohmann's document does.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backends/sarif/reader.h"
#include "tests/contract/sarif_oracle.h"

namespace {

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

rfs::Result<rfs::sarif::Facts> read(std::string_view text, std::size_t piece) {
  rfs::sarif::Reader reader;
  for (std::size_t at = 0; at < text.size(); at += piece) TRY(reader.push(text.substr(at, piece)));
  return reader.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = read(text, std::max<std::size_t>(1, size)), pieces = read(text, 5);
  require(whole.has_value() == pieces.has_value());
  if (!whole) {
    require(whole.error().message == pieces.error().message);
    return 0;
  }
  require(rfs::sarif::summary_members(*whole) == rfs::sarif::summary_members(*pieces));
  require(whole->paths == pieces->paths);
  // nlohmann takes the last of two members of one name, and refuses numbers and surrogates that JSON allows.
  if (text.find("\\u") == std::string_view::npos && rfs::test::oracle(text).alerts > 0)
    require(rfs::test::counts(*whole) == rfs::test::counts(rfs::test::oracle(text)));
  return 0;
}
