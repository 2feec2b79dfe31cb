// The README at the root of each namespace: what it is, and how to use it from a shell.
#pragma once

namespace rfs {

extern const char* const kApiReadme;
extern const char* const kCacheReadme;
extern const char* const kInfoReadme;
extern const char* const kSecretsReadme;
extern const char* const kCodeqlReadme;
inline constexpr const char* kReadmeName = "README";

}  // namespace rfs
