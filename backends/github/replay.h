// Replay: recorded answers in place of GitHub, for work without a network, demonstrations and tests.
// GITHUB_API_URL=file://DIR. Two forms may lie beside each other in DIR:
//
//   DIR/*.json      an array of recordings, objects with at least `method`, `path` (with its query) and `status`:
//                   {"method": "get", "path": "/repos/o/r/issues?per_page=3", "status": 200, "response": …,
//                    "rawHeaders": ["Link", "<…>; rel=\"next\"", …]  or  "headers": {"link": "…"},
//                    "scope": "https://api.github.com:443", "reqheaders": {"accept": "…"}, "responseIsBinary": false}
//                   `response` is a JSON value, a text, or, with responseIsBinary, hexadecimal digits. `scope` names
//                   the host (the API when absent). Only GET counts; parameters match in any order; where a path was
//                   recorded for several media types the one that was asked for is taken.
//   DIR/PATH.json   the body of GET /PATH, answered 200; other media types by their suffix as below api/ (.raw, .html,
//                   .diff, .patch, .sarif, .bin). With a query: DIR/PATH?QUERY.json, parameters sorted by name. A
//                   per_page that nothing was recorded for is left out.
//
// ETags are made here by GitHub's formula from the bytes served, so that revalidation answers 304; recorded ones,
// limits and dates are not repeated, but for the limits of a 403 or 429. What is not recorded is a 404 whose message
// says so. Recorded redirects are followed by the same rules as others.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "backends/http/transport.h"
#include "base/pool.h"
#include "base/sync.h"

namespace rfs {

// The base URL that requests to a Replay are made with: what GitHub's own recordings and their Link headers name.
inline constexpr const char* kReplayBase = "https://api.github.com";

class Recordings;  // recordings.h

// Reads and answers on the pool; a delay before another try is left out, as recordings do not change by waiting.
class Replay final : public Transport {
 public:
  Replay(std::string directory, Pool& pool);
  ~Replay() override;
  void send(HttpRequest request, HttpDone done) override;
  void after(Millis delay, std::function<void(bool)> fire) override;
  void stop() override;

 private:
  HttpResult answer(const HttpRequest& request);
  const std::string directory_;
  Pool& pool_;
  std::once_flag loaded_;
  std::unique_ptr<const Recordings> recordings_;
  struct Running {
    int jobs = 0;
    bool stopped = false;
  };
  bool enter();
  void leave();
  Sync<Running> running_;
  std::condition_variable idle_;
};

}  // namespace rfs
