#include "cli/saved_environment.h"

#include <unistd.h>

#include <cstring>

namespace rfs {

SavedEnvironment::SavedEnvironment() {
  std::size_t size = 0;
  for (char** entry = environ; *entry != nullptr; ++entry) size += std::strlen(*entry) + 1;
  arena_ = SecretBytes(size + 1);
  char* to = reinterpret_cast<char*>(arena_.reveal_mutable().data());
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::strcpy(to, *entry);
    entries_.push_back(to);
    to += std::strlen(to) + 1;
  }
}

void SavedEnvironment::set(const std::string& name, std::string_view value) {
  std::erase_if(entries_, [&](const char* entry) {
    return std::strncmp(entry, name.c_str(), name.size()) == 0 && entry[name.size()] == '=';
  });
  SecretBytes& text = added_.emplace_back(name.size() + value.size() + 2);  // ends in a zero byte
  char* to = reinterpret_cast<char*>(text.reveal_mutable().data());
  std::memcpy(to, name.data(), name.size());
  to[name.size()] = '=';
  std::memcpy(to + name.size() + 1, value.data(), value.size());
  entries_.push_back(to);
}

std::optional<std::string_view> SavedEnvironment::get(std::string_view name) const {
  for (const std::string_view entry : entries_)
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  return std::nullopt;
}

std::vector<char*> SavedEnvironment::pointers() const {
  std::vector<char*> out = entries_;
  out.push_back(nullptr);
  return out;
}

}  // namespace rfs
