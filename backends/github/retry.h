// How long to wait before the same request is sent again. Pure but for the jitter.
#pragma once

#include "backends/http/headers.h"
#include "base/time.h"

namespace rfs {

// After a connection that failed: 50 ms, then 200 ms, each half to one and a half times that.
Millis quick_delay(int tries);
// After a 5xx: Retry-After as it says, else 250 ms, then 1 s, with the same jitter.
Millis patient_delay(int tries, const HeaderList& headers, double wall);

}  // namespace rfs
