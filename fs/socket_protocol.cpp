#include "fs/socket_protocol.h"

#include <sys/socket.h>

#include <bit>
#include <cerrno>

namespace rfs::wire {
namespace {

Result<> send_all(int fd, BytesView bytes, bool more) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(Code::kAborted, "the other side of the socket has gone");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<> receive_all(int fd, MutableBytes out) {
  while (!out.empty()) {
    const ssize_t n = ::recv(fd, out.data(), out.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return fail(Code::kTimeout, "the other side of the socket says nothing");
    if (n <= 0) return fail(Code::kAborted, "the other side of the socket has gone");
    out = out.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

void put_text(Bytes& out, std::string_view text) {
  append_be(out, static_cast<std::uint32_t>(text.size()));
  append(out, text);
}

void put_pairs(Bytes& out, const Access::Attributes& pairs) {
  append_be(out, static_cast<std::uint32_t>(pairs.size()));
  for (const auto& [name, value] : pairs) {
    put_text(out, name);
    put_text(out, value);
  }
}

// Takes fields from the front; after the first that is not there, every answer is empty and whole() is false.
class Fields {
 public:
  explicit Fields(BytesView bytes) : rest_(bytes) {}
  template <class Integer>
  Integer number() {
    if (!has(sizeof(Integer))) return 0;
    const auto value = read_be<Integer>(rest_);
    rest_ = rest_.subspan(sizeof(Integer));
    return value;
  }
  std::string text_field() {
    const auto size = number<std::uint32_t>();
    if (!has(size)) return {};
    std::string out(text(rest_.first(size)));
    rest_ = rest_.subspan(size);
    return out;
  }
  Access::Attributes pairs() {
    Access::Attributes out;
    for (auto n = number<std::uint32_t>(); n > 0 && good_; --n) {
      std::string name = text_field();
      out.emplace_back(std::move(name), text_field());
    }
    return out;
  }
  BytesView bytes(std::uint64_t size) {
    if (!has(size)) return {};
    const BytesView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  BytesView rest() { return good_ ? std::exchange(rest_, BytesView()) : BytesView(); }
  bool more() const { return good_ && !rest_.empty(); }
  bool whole() const { return good_ && rest_.empty(); }

 private:
  bool has(std::uint64_t size) {
    good_ = good_ && rest_.size() >= size;
    return good_;
  }
  BytesView rest_;
  bool good_ = true;
};

}  // namespace

Result<> send_frame(int fd, Type type, BytesView payload) {
  Bytes head;
  append_be(head, static_cast<std::uint32_t>(payload.size() + 1));
  append_be(head, static_cast<std::uint8_t>(type));
  TRY(send_all(fd, head, !payload.empty()));
  return send_all(fd, payload, false);
}

Result<Frame> receive_frame(int fd) {
  std::array<std::uint8_t, 5> head{};
  TRY(receive_all(fd, head));
  const auto length = read_be<std::uint32_t>(head);
  const std::uint8_t type = head[4];
  if (length == 0 || length > kMostFrame || type < 1 || type > static_cast<std::uint8_t>(Type::kError))
    return fail(Code::kBroken, "the other side of the socket does not speak this protocol");
  Frame frame{static_cast<Type>(type), Bytes(length - 1)};
  TRY(receive_all(fd, frame.payload));
  return frame;
}

Bytes encode(const Request& request) {
  Bytes out;
  append_be(out, static_cast<std::uint8_t>(request.verb));
  put_text(out, request.path);
  put_pairs(out, request.attributes);
  append_be(out, static_cast<std::uint8_t>(request.fetch));
  append_be(out, request.size);
  return out;
}

std::optional<Request> decode_request(BytesView bytes) {
  Fields fields(bytes);
  Request out;
  const auto verb = fields.number<std::uint8_t>();
  out.path = fields.text_field();
  out.attributes = fields.pairs();
  const auto fetch = fields.number<std::uint8_t>();
  out.size = fields.number<std::uint64_t>();
  if (!fields.whole() || verb < 1 || verb > static_cast<std::uint8_t>(Verb::kPutFrom) || fetch > 1) return std::nullopt;
  out.verb = static_cast<Verb>(verb);
  out.fetch = fetch == 1;
  return out;
}

Bytes encode(const PathInfo& info) {
  Bytes out;
  put_text(out, info.path);
  append_be(out, static_cast<std::uint8_t>((info.directory ? 1 : 0) | (info.held ? 2 : 0)));
  append_be(out, info.size);
  append_be(out, std::bit_cast<std::uint64_t>(info.mtime));
  append_be(out, static_cast<std::uint32_t>(info.mode));
  put_pairs(out, info.xattrs);
  return out;
}

std::optional<PathInfo> decode_info(BytesView bytes) {
  Fields fields(bytes);
  PathInfo out;
  out.path = fields.text_field();
  const auto flags = fields.number<std::uint8_t>();
  out.directory = flags & 1;
  out.held = flags & 2;
  out.size = fields.number<std::uint64_t>();
  out.mtime = std::bit_cast<double>(fields.number<std::uint64_t>());
  out.mode = fields.number<std::uint32_t>();
  out.xattrs = fields.pairs();
  if (!fields.whole() || flags > 3) return std::nullopt;
  return out;
}

Bytes encode(const Error& error) {
  Bytes out;
  append_be(out, static_cast<std::uint8_t>(error.code));
  put_text(out, error.message);
  put_text(out, error.hint);
  append_be(out, static_cast<std::uint64_t>(error.position));
  return out;
}

std::optional<Error> decode_error(BytesView bytes) {
  Fields fields(bytes);
  Error out{Code::kBroken, "", "", -1};
  const auto code = fields.number<std::uint8_t>();
  out.message = fields.text_field();
  out.hint = fields.text_field();
  out.position = static_cast<std::int64_t>(fields.number<std::uint64_t>());
  if (!fields.whole() || code > static_cast<std::uint8_t>(Code::kCrossDevice)) return std::nullopt;
  out.code = static_cast<Code>(code);
  return out;
}

SecretBytes encode(std::span<const NewFile> files) {
  std::vector<Bytes> heads;
  std::size_t total = 0;
  for (const NewFile& file : files) {
    Bytes named;
    put_text(named, file.path);
    put_pairs(named, file.attributes);
    Bytes head;
    append_be(head, static_cast<std::uint64_t>(named.size() + file.content.size()));
    append(head, named);
    total += head.size() + file.content.size();
    heads.push_back(std::move(head));
  }
  SecretBytes out(total);
  auto to = out.reveal_mutable().begin();
  for (std::size_t i = 0; i < files.size(); ++i) {
    to = std::copy(heads[i].begin(), heads[i].end(), to);
    to = std::copy(files[i].content.begin(), files[i].content.end(), to);
  }
  return out;
}

std::optional<std::vector<NewFile>> decode_files(BytesView bytes) {
  Fields fields(bytes);
  std::vector<NewFile> out;
  while (fields.more()) {
    Fields one(fields.bytes(fields.number<std::uint64_t>()));
    NewFile file;
    file.path = one.text_field();
    file.attributes = one.pairs();
    file.content = one.rest();
    if (!one.whole()) return std::nullopt;
    out.push_back(std::move(file));
  }
  return fields.whole() ? std::optional(std::move(out)) : std::nullopt;
}

Bytes encode_text(std::string_view text) {
  Bytes out;
  put_text(out, text);
  return out;
}

std::optional<std::string> decode_text(BytesView bytes) {
  Fields fields(bytes);
  std::string out = fields.text_field();
  return fields.whole() ? std::optional(out) : std::nullopt;
}

Bytes encode_number(std::uint64_t number) {
  Bytes out;
  append_be(out, number);
  return out;
}

std::optional<std::uint64_t> decode_number(BytesView bytes) {
  Fields fields(bytes);
  const auto number = fields.number<std::uint64_t>();
  return fields.whole() ? std::optional(number) : std::nullopt;
}

}  // namespace rfs::wire
