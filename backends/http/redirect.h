// Which redirect is followed, and with what. Pure: it decides, somebody else asks.
//
// Within the first URL's scheme, host and port the Authorization header goes along. Beyond it nothing of ours does, and
// once a foreign server had a say, its redirects back are followed without it too: it must not steer what we ask with
// our credential. https never becomes http.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/http/url.h"
#include "base/result.h"

namespace rfs {

// 301, 302, 303, 307, 308: only GET is ever sent, so that they are all the same.
bool is_redirect(int status);

class Redirects {
 public:
  static constexpr std::size_t kMostHops = 5;

  explicit Redirects(std::string url) : seen_{std::move(url)} {}

  // The URL to ask now, and whether it is still within the first one's origin.
  const std::string& url() const { return seen_.back(); }
  bool at_home() const { return at_home_; }
  std::size_t hops() const { return seen_.size() - 1; }

  // Moves on to `location`. kLoop: seen before, or too many hops. kBroken: no location, one that is no URL, or a way
  // from https to http; the message names no query.
  Result<> follow(std::string_view location);

 private:
  std::vector<std::string> seen_;
  bool at_home_ = true;
};

}  // namespace rfs
