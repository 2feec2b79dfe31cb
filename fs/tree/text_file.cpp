#include <algorithm>

#include "crypto/hash.h"
#include "fs/tree/namespace.h"

namespace rfs {
namespace {

class TextFile final : public File {
 public:
  TextFile(std::string content, double mtime, bool direct)
      : content_(std::move(content)),
        mtime_(mtime),
        direct_(direct),
        version_(direct ? kDirectVersion : std::string(text(sha256(view(content_))))) {}
  std::uint64_t size() const override { return content_.size(); }
  double mtime() const override { return mtime_; }
  std::string version() const override { return version_; }
  bool direct() const override { return direct_; }
  void read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply) const override {
    if (offset >= content_.size()) return reply(Bytes());
    auto part = view(content_).subspan(offset);
    part = part.first(std::min(part.size(), length));
    reply(Bytes(part.begin(), part.end()));
  }

 private:
  const std::string content_;
  const double mtime_;
  const bool direct_;
  const std::string version_;
};

}  // namespace

FilePtr text_file(std::string content, double mtime, bool direct) {
  return std::make_shared<TextFile>(std::move(content), mtime, direct);
}

}  // namespace rfs
