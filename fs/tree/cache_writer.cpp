#include "fs/tree/cache_writer.h"

#include <fmt/core.h>

#include <algorithm>

#include "fs/tree/entry_file.h"

namespace rfs {

Result<> CacheWriter::fits(std::uint64_t size) {
  if (size <= to_.max_document) return {};
  Error error{Code::kTooLarge, fmt::format("a document is larger than {} bytes", to_.max_document),
              "max_object_size bounds it", -1};
  to_.errors.add("cache/" + name_, error);
  return fail(std::move(error));
}

Result<> CacheWriter::write(std::uint64_t offset, BytesView bytes) {
  if (offset > to_.max_document) return fits(offset);
  const std::uint64_t end = offset + bytes.size();
  TRY(fits(end));
  if (end > content_.size()) content_.resize(end);
  std::copy(bytes.begin(), bytes.end(), content_.begin() + static_cast<std::ptrdiff_t>(offset));
  changed_ = written_ = true;
  return {};
}

Result<> CacheWriter::truncate(std::uint64_t size) {
  TRY(fits(size));
  changed_ |= size != content_.size();
  content_.resize(size);
  return {};
}

Result<Bytes> CacheWriter::read(std::uint64_t offset, std::size_t length) const {
  if (offset >= content_.size()) return Bytes();
  auto part = view(content_).subspan(offset);
  part = part.first(std::min(part.size(), length));
  return Bytes(part.begin(), part.end());
}

Result<> CacheWriter::accept_empty() const {
  return fail(Code::kInvalid, "an empty file is no JSON document", "write a document, for example null", 0);
}

void CacheWriter::commit(bool sync, Reply<FilePtr> reply) {
  if (content_.empty() && !written_) {  // only created or emptied; what was there before stays
    Error error = std::move(accept_empty().error());
    to_.errors.add("cache/" + name_, error);
    return reply(fail(std::move(error)));
  }
  Outcome last = *outcome_->lock();
  if (!changed_ && !last.failed) return reply(last.present ? std::make_shared<EntryFile>(last.present) : FilePtr());
  changed_ = false;
  auto job = [to = to_, name = name_, key = key_, outcome = outcome_,
              document = std::make_shared<std::string>(content_), sync, reply = std::move(reply).share()] {
    Gate::Inside inside(*to.gate);
    if (!inside) return (*reply)(fail(Code::kAborted, "the filesystem is being unmounted"));
    auto put = to.cache.put(key, std::move(*document), -1, sync);
    outcome->lock()->failed = !put;
    if (!put) {
      to.errors.add("cache/" + name, put.error());
      return (*reply)(fail(std::move(put.error())));
    }
    outcome->lock()->present = *put;
    (*reply)(FilePtr(std::make_shared<EntryFile>(*put)));
  };
  to_.pool.submit(std::move(job));
}

}  // namespace rfs
