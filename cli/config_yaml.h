// YAML as configuration files use it: nested mappings, scalars and lists of scalars, flattened to one line a key.
// yaml-cpp is included by config_yaml.cpp alone. Pure; foreign bytes are welcome.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rfs {

struct YamlEntry {
  std::vector<std::string> path;    // {"api", "max_pages"}
  std::vector<std::string> values;  // one for a scalar, any number for a list; empty for null
  bool list = false;
  int line = 0;  // of the value, from 1

  std::string key() const;  // "api.max_pages"
};

// In the order of the file. kUsage with "<name>:<line>: …" for what is not YAML, anchors and aliases (a few bytes of
// them can stand for gigabytes), more than one document, a key given twice, more than 16 levels or 10,000 values.
// `name` is what messages call the file.
Result<std::vector<YamlEntry>> parse_yaml(const std::string& text, const std::string& name);

}  // namespace rfs
