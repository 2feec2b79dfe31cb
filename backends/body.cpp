#include "backends/body.h"

namespace rfs {

Result<std::string> read_all(const Body& body) {
  if (auto whole = body.in_memory(); whole.size() == body.size()) return std::string(whole);
  std::string out(body.size(), '\0');
  std::size_t done = 0;
  while (done < out.size()) {
    MutableBytes rest(reinterpret_cast<std::uint8_t*>(out.data()) + done, out.size() - done);
    TRY_ASSIGN(std::size_t n, body.read_at(done, rest));
    if (n == 0) return fail(Code::kBroken, "a stored body is shorter than its record says");
    done += n;
  }
  return out;
}

}  // namespace rfs
