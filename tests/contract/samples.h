// Entries to put into a tier under test.
#pragma once

#include <memory>
#include <string>

#include "backends/entry.h"

namespace rfs::contract {

std::string bytes_of_size(std::size_t size, unsigned seed);
EntryKey key_of(const std::string& name, const std::string& partition = "p");
std::shared_ptr<Entry> entry_of(const EntryKey& key, std::string body);

}  // namespace rfs::contract
