// A look into JSON documents that other parts wrote, without nlohmann in every command. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rfs {

// The member at "a.b.c": its text when it is text, its JSON when it is a number or a boolean; "" for all else and for
// documents that do not parse.
std::string json_text(std::string_view document, std::string_view path);
// 0 when it is absent or no number.
double json_number(std::string_view document, std::string_view path);
// The elements of the list at `path` as one-line JSON each.
std::vector<std::string> json_list(std::string_view document, std::string_view path);
// The document with two blanks of indent a level; unchanged when it does not parse.
std::string json_pretty(const std::string& document);

}  // namespace rfs
