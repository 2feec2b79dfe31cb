#include "backends/sarif/paths.h"

#include "base/encode.h"

namespace rfs::sarif {
namespace {

constexpr std::string_view kRootBase = "%SRCROOT%";

// RFC 3986, "scheme:". A single letter is a drive of Windows.
bool has_scheme(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon < 2) return false;
  const std::size_t slash = uri.find('/');
  return slash == std::string_view::npos || colon < slash;
}

// file:///a/b, file://host/a/b, file:/a/b and /a/b → "/a/b", decoded; "" for all else.
std::string absolute_file(std::string_view uri) {
  constexpr std::string_view kFile = "file:";
  if (uri.starts_with(kFile)) {
    uri.remove_prefix(kFile.size());
    if (uri.starts_with("//")) {
      uri.remove_prefix(2);
      const std::size_t slash = uri.find('/');
      if (slash == std::string_view::npos) return {};
      uri.remove_prefix(slash);
    }
  }
  if (!uri.starts_with('/')) return {};
  return percent_decode(uri).value_or("");
}

std::string with_slash(std::string path) {
  if (!path.empty() && !path.ends_with('/')) path += '/';
  return path;
}

// Below `directory` (ends in '/'): the rest of it.
bool below(const std::string& path, const std::string& directory, std::string& rest) {
  if (directory.empty() || !path.starts_with(directory)) return false;
  rest = path.substr(directory.size());
  return true;
}

// "a/./b/../c" → "a/c".
bool normal(std::string_view path, std::string& out) {
  out.clear();
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (out.empty()) return false;
      const std::size_t before = out.rfind('/');
      out.resize(before == std::string::npos ? 0 : before);
      continue;
    }
    if (!out.empty()) out += '/';
    out += part;
  }
  return !out.empty() && out.find('\0') == std::string::npos;
}

}  // namespace

bool relative_path(std::string_view uri, std::string& out) {
  const auto decoded = percent_decode(uri);
  return decoded && normal(*decoded, out);
}

void Paths::keep(const Place& place) {
  // The steps of a flow mostly stay in one file.
  if (key_.size() == place.base.size() + 1 + place.uri.size() && key_.ends_with(place.uri) &&
      key_.starts_with(place.base) && key_[place.base.size()] == '\0')
    return;
  key_.assign(place.base).append(1, '\0').append(place.uri);
  if (named_.find(std::string_view(key_)) != named_.end()) return;
  text_ += key_.size();
  if (named_.size() >= kPathsMost || text_ > kTextMost) {
    too_many_ = true;
    return;
  }
  named_.insert(key_);
}

void Paths::named_by_result(const Place& place) {
  if (!place.uri.empty()) return keep(place);
  if (place.index < 0) return;
  if (indices_.size() < kPathsMost) {
    indices_.insert(place.index);
  } else if (!indices_.contains(place.index)) {
    too_many_ = true;
  }
}

void Paths::artifact(const Place& place) {
  // Beyond the limit only their number counts; a result that names one of these cannot be placed.
  if (artifact_text_ > kArtifactTextMost) return;
  artifact_text_ += place.uri.size() + place.base.size() + sizeof(std::string);
  artifacts_.push_back(place.base + '\0' + place.uri);
}

void Paths::base(std::string name, const Place& place) {
  constexpr std::size_t kUriMost = 4096;
  if (bases_.size() < kBasesMost && name.size() + place.uri.size() + place.base.size() < kUriMost)
    bases_.emplace(std::move(name), place);
}

bool Paths::directory_of(const std::string& name, const std::string& root, std::string& out) const {
  out.clear();
  if (name.empty()) return true;
  std::string tail, at = name;
  for (int depth = 0; depth < 8; ++depth) {
    const auto found = bases_.find(at);
    // A base that nobody explains is the checkout: what else could a consumer take it for.
    if (found == bases_.end() || found->second.uri.empty()) {
      out = tail;
      return true;
    }
    const Place& base = found->second;
    if (has_scheme(base.uri) || base.uri.starts_with('/')) {
      const std::string path = with_slash(absolute_file(base.uri));
      if (!root.empty() && below(path, with_slash(root), out)) {
        out += tail;
        return true;
      }
      out = tail;
      return at == kRootBase;
    }
    tail = with_slash(percent_decode(base.uri).value_or("..")) + tail;
    if (base.base.empty()) {
      out = tail;
      return true;
    }
    at = base.base;
  }
  return false;
}

void Paths::settle(const std::string& root, std::set<std::string>& out, std::string& lack) {
  const auto lacks = [&](std::string why) {
    if (lack.empty()) lack = std::move(why);
  };
  for (const std::int64_t index : indices_) {
    if (static_cast<std::size_t>(index) >= artifacts_.size()) {
      lacks("a result names its file by the index " + std::to_string(index) + ", which stands for none");
      continue;
    }
    const std::string& text = artifacts_[static_cast<std::size_t>(index)];
    const std::size_t zero = text.find('\0');
    keep({text.substr(zero + 1), text.substr(0, zero), -1});
  }
  if (too_many_) lacks("the results name more files than are kept (" + std::to_string(kPathsMost) + ")");

  // What %SRCROOT% is said to be is a root too, where none is given.
  std::string base_root;
  if (const auto at = bases_.find(std::string(kRootBase)); at != bases_.end())
    base_root = absolute_file(at->second.uri);
  for (const std::string& key : named_) {
    const std::size_t zero = key.find('\0');
    const std::string base = key.substr(0, zero), uri = key.substr(zero + 1);
    std::string path;
    bool placed = false;
    if (has_scheme(uri) || uri.starts_with('/')) {
      const std::string file = absolute_file(uri);
      std::string rest;
      placed = (below(file, with_slash(root), rest) || below(file, with_slash(base_root), rest)) && normal(rest, path);
    } else {
      std::string directory;
      const auto decoded = percent_decode(uri);
      placed = decoded && directory_of(base, root, directory) && normal(directory + *decoded, path);
    }
    if (placed) {
      out.insert(path);
    } else {
      lacks("a result names a file outside of the repository: " + uri.substr(0, 200));
    }
  }
}

}  // namespace rfs::sarif
