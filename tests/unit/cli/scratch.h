// A directory of its own for a test, with files in it. Removed at the end.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "cli/config.h"

namespace rfs {

class Scratch {
 public:
  Scratch() {
    std::string name = "/tmp/rfs-cli-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  std::string join(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& content) const {
    const std::string path = join(name);
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    if (!replace_file(path, content)) throw std::runtime_error("cannot write " + path);
    return path;
  }
  // Of a user whose home is here, working in ./work.
  ConfigSources sources() const {
    std::filesystem::create_directories(join("work"));
    return {{}, {}, join("work"), path_};
  }

 private:
  std::string path_;
};

inline bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace rfs
