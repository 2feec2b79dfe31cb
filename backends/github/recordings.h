// Recordings: the answers of a directory of DIR/*.json files (replay.h), found by host, path, query and media type.
// Immutable once loaded; any thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/http/headers.h"

namespace rfs {

struct Recording {
  std::string kind;  // of the request's Accept: "json", "raw", …; "" when none was recorded
  int status = 200;
  HeaderList headers;
  std::string body;
};

class Recordings {
 public:
  // Files that are no arrays of recordings are left to be bodies; one that is broken is logged and left out.
  static Recordings load(const std::string& directory);

  // host: "api.github.com". Null: not recorded.
  const Recording* find(const std::string& host, const std::string& path, const std::string& query,
                        std::string_view kind) const;
  // True for a file name in the directory that was read as recordings, and is therefore no body.
  bool holds(const std::string& file) const { return files_.contains(file); }

 private:
  bool read(std::string_view text);
  std::map<std::string, std::vector<Recording>> by_url_;
  std::set<std::string> files_;
};

// The suffix (without its dot) that names an Accept value below api/: "json", "raw", "html", "diff", "patch", "sarif",
// "bin".
std::string kind_of_accept(std::string_view accept);

// Parameters sorted by name, then as they came; escapes of the value spelled one way, so that equal queries are equal
// texts. `without`: a parameter to leave out.
std::string sorted_query(std::string_view query, std::string_view without = {});

}  // namespace rfs
