// Frames on the Unix socket. Private to one version of runnerfs: both sides say their version first and go on only when
// it is the same.
//
//   frame    u32 length of what follows ‖ u8 type ‖ payload        at most kMostFrame bytes
//   text     u32 length ‖ bytes                                    (paths are bytes, not UTF-8)
//
//   client                                server
//   hello   text version                  hello   text version
//   request u8 verb ‖ path ‖ u32 n ‖ n × (name ‖ value) ‖ u8 flag ‖ u64 size
//   data …, end          (puts only)      data … | item …, then end (u64 count), or error
//   error in the place of end: the put of a stream is given up, nothing is stored
//   data of a put of several: each u64 length ‖ (path ‖ u32 n ‖ n × (name ‖ value) ‖ content)
//
// Integers are big-endian. One request at a time on a connection.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "fs/walk.h"

namespace rfs::wire {

enum class Type : std::uint8_t { kHello = 1, kRequest = 2, kData = 3, kItem = 4, kEnd = 5, kError = 6 };
enum class Verb : std::uint8_t { kCat = 1, kList = 2, kStat = 3, kPut = 4, kRemove = 5, kControl = 6, kPutAll = 7, kPutFrom = 8 };

inline constexpr std::size_t kPiece = 64u << 10;       // of a body, a frame
// Anything longer is no frame of ours. A request may carry the manifest of a scan, which is the longest (kManifestMost).
inline constexpr std::size_t kMostFrame = 17u << 20;
inline constexpr std::uint64_t kMostPut = 100u << 20;  // bytes of one put

struct Frame {
  Type type;
  Bytes payload;
};

struct Request {
  Verb verb = Verb::kCat;
  std::string path;
  Access::Attributes attributes = {};  // put
  bool fetch = false;      // stat
  std::uint64_t size = 0;  // puts: bytes to come; 0 for a stream, whose end nobody knows yet
};

// Both block. kAborted: the other side has gone. kTimeout: the socket has a time limit (SO_RCVTIMEO), and it is over.
// Never raise SIGPIPE.
Result<> send_frame(int fd, Type type, BytesView payload);
// kBroken: not a frame of ours.
Result<Frame> receive_frame(int fd);

Bytes encode(const Request& request);
Bytes encode(const PathInfo& info);
Bytes encode(const Error& error);
// The data of a put of several, in locked memory, for it may be credentials.
SecretBytes encode(std::span<const NewFile> files);
// Contents are views of `bytes`.
std::optional<std::vector<NewFile>> decode_files(BytesView bytes);
Bytes encode_text(std::string_view text);
Bytes encode_number(std::uint64_t number);
// Nullopt for what is not exactly of the form.
std::optional<Request> decode_request(BytesView bytes);
std::optional<PathInfo> decode_info(BytesView bytes);
std::optional<Error> decode_error(BytesView bytes);
std::optional<std::string> decode_text(BytesView bytes);
std::optional<std::uint64_t> decode_number(BytesView bytes);

}  // namespace rfs::wire
