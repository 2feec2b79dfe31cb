#include <fmt/core.h>

#include "backends/cache/cache.h"

namespace rfs {
namespace {

constexpr std::size_t kMostName = 255;  // NAME_MAX

Result<> check_key(std::string_view key) {
  if (key.empty() || key == "." || key == "..")
    return fail(Code::kInvalid, "a cache key that is empty, '.' or '..'", "keys look like list_repos:owner");
  for (unsigned char c : key)
    if (c < 0x20 || c == 0x7f)
      return fail(Code::kInvalid, "a cache key with a control byte", "keys look like list_repos:owner");
  return {};
}

}  // namespace

Result<std::string> cache_key_of_name(std::string_view name) {
  if (name.size() > kMostName) return fail(Code::kNameTooLong, "a name over 255 bytes below cache/");
  std::string key;
  key.reserve(name.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '/') return fail(Code::kInvalid, "a '/' in a name below cache/", "in a key it is written %2F");
    if (name[i] != '%') {
      key += name[i];
      continue;
    }
    // Only these two: one key has one name, or a removed name would live on in the kernel under another.
    const std::string_view code = name.substr(i + 1, 2);
    if (code != "2F" && code != "25")
      return fail(Code::kInvalid, fmt::format("'%{}' in a name below cache/", code),
                  "'/' is written %2F and '%' is written %25");
    key += code == "2F" ? '/' : '%';
    i += 2;
  }
  TRY(check_key(key));
  return key;
}

Result<std::string> name_of_cache_key(std::string_view key) {
  TRY(check_key(key));
  std::string name;
  name.reserve(key.size());
  for (char c : key) {
    if (c == '/') {
      name += "%2F";
    } else if (c == '%') {
      name += "%25";
    } else {
      name += c;
    }
  }
  if (name.size() > kMostName) return fail(Code::kNameTooLong, "a cache key over 255 bytes as a name");
  return name;
}

}  // namespace rfs
