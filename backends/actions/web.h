// Web: one request at a time to a service that is neither GitHub's API nor ours, with the patience that it deserves.
// Any thread; blocks. What is sent again is what may be: a broken connection, 500, 502, 503, 504 with growing pauses,
// 429 after the time that it names.
#pragma once

#include <memory>
#include <string>

#include "backends/http/transport.h"
#include "base/result.h"

namespace rfs {

struct Patience {
  int tries = 5;
  double first_pause = 0.5;   // seconds, doubled each time
  double longest_wait = 10;   // seconds that a 429 may ask for, in all
};

class Web {
 public:
  Web(Transport& transport, Patience patience) : transport_(transport), patience_(patience) {}
  // The answer, whatever its status but those above. kLimited: a 429 that asks for more time than there is.
  Result<HttpResponse> ask(const HttpRequest& request);
  // One try.
  HttpResult once(HttpRequest request);

 private:
  Transport& transport_;
  const Patience patience_;
};

// "Bearer TOKEN" in locked memory.
std::shared_ptr<const SecretBytes> bearer(const SecretBytes& token);

}  // namespace rfs
