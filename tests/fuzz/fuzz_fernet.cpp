// libFuzzer: Fernet tokens, which nothing says the length of. The first byte chooses: text as it comes, in pieces; or a good
// token that is changed at one place. Beside not crashing: the reader that takes pieces says what the whole is, holds no more
// than was sent, and a changed token opens never.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/fernet.h"

namespace {

using namespace rfs;

constexpr std::size_t kMost = 4096;  // characters of a token

void require(bool true_or_abort) {
  if (!true_or_abort) std::abort();
}

const SecretBytes& key() {
  static const SecretBytes made = [] {
    SecretBytes out(kFernetKey);
    for (std::size_t i = 0; i < kFernetKey; ++i) out.reveal_mutable()[i] = static_cast<std::uint8_t>(i);
    return out;
  }();
  return made;
}

// Pieces of step, 2·step, … characters; the token that is in it, or none.
std::optional<FernetMessage> in_pieces(std::string_view text, std::size_t step) {
  FernetReader reader(key(), kMost);
  std::size_t given = 0;
  auto state = FernetReader::State::kMore;
  for (std::size_t size = step; given < text.size() && state == FernetReader::State::kMore; size += step) {
    const std::string_view piece = text.substr(given, size);
    given += piece.size();
    state = reader.add(piece);
    require(reader.held() <= 2 * given + 4096);
  }
  if (given > kMost + 1) require(state != FernetReader::State::kMore);
  if (state != FernetReader::State::kWhole) return std::nullopt;
  auto message = reader.finish();
  // A token with bytes behind it in the same piece is none; what is whole here is whole as a whole.
  std::string_view token = text.substr(0, given);
  if (token.ends_with('\n')) token.remove_suffix(1);
  if (token.ends_with('\r')) token.remove_suffix(1);
  if (message) require(fernet_open(key().reveal(), token).has_value());
  return message ? std::optional(std::move(*message)) : std::nullopt;
}

void changed(BytesView bytes) {
  if (bytes.size() < 4) return;
  const std::size_t at = read_be<std::uint16_t>(bytes);
  const char with = static_cast<char>(bytes[2]);
  const BytesView plaintext = bytes.subspan(3);
  const Bytes iv(16, 7);
  std::string token = fernet_seal(key().reveal(), plaintext, 1'700'000'000, iv);
  require(token.size() == fernet_size(plaintext.size()));
  const auto opened = fernet_open(key().reveal(), token);
  require(opened && opened->plaintext == Bytes(plaintext.begin(), plaintext.end()) && opened->time == 1'700'000'000);
  if (token.size() <= kMost) require(in_pieces(token, bytes[3] % 64 + 1u).has_value());
  const std::size_t place = at % token.size();
  if (token[place] == with) return;
  token[place] = with;
  require(!fernet_open(key().reveal(), token));
  require(!in_pieces(token, bytes[3] % 64 + 1u));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView rest(data + 1, size - 1);
  if (data[0] & 0x80) {
    changed(rest);
    return 0;
  }
  const auto whole = fernet_open(key().reveal(), text(rest));
  const auto pieces = in_pieces(text(rest), data[0] + 1u);
  if (whole && rest.size() <= kMost) require(pieces && pieces->plaintext == whole->plaintext);
  return 0;
}
