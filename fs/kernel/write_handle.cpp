#include "fs/kernel/write_handle.h"

#include <exception>
#include <string>

#include "base/secret.h"

namespace rfs {
namespace {

// A step must end whatever happens, or all that come after it would wait for ever.
template <class Work>
auto guarded(Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& e) {
    return fail(Code::kBroken, std::string("writing failed: ") + e.what());
  }
}

}  // namespace

WriteHandle::WriteHandle(std::unique_ptr<Writer> writer, bool fresh)
    : size_(writer->size()), writer_(std::move(writer)), fresh_(fresh) {}

template <class T>
void WriteHandle::step(std::function<Result<T>(Writer&)> work, Reply<T> reply) {
  strand_->run(
      [self = shared_from_this(), work = std::move(work), reply = std::move(reply).share()](Strand::Done done) {
        auto result = guarded([&] { return work(*self->writer_); });
        self->size_ = self->writer_->size();
        done();
        (*reply)(std::move(result));
      });
}

Result<std::size_t> WriteHandle::write_now(std::uint64_t offset, bool append, BytesView bytes) {
  // The kernel's idea of the end may be old; the writer's is right.
  TRY(writer_->write(append ? writer_->size() : offset, bytes));
  if (fresh_ && !changed_) settled();
  changed_ = true;
  failed_.reset();
  return bytes.size();
}

void WriteHandle::write(std::uint64_t offset, bool append, BytesView bytes, Reply<std::size_t> reply) {
  if (!strand_->enter()) {  // the bytes are the kernel's, so they are copied when they must wait
    if (secret()) {
      auto copy = std::make_shared<SecretBytes>(SecretBytes::copy_of(bytes));
      step<std::size_t>(
          [this, offset, append, copy = std::move(copy)](Writer&) { return write_now(offset, append, copy->reveal()); },
          std::move(reply));
      return;
    }
    step<std::size_t>([this, offset, append,
                       copy = Bytes(bytes.begin(), bytes.end())](Writer&) { return write_now(offset, append, copy); },
                      std::move(reply));
    return;
  }
  auto result = guarded([&] { return write_now(offset, append, bytes); });
  size_ = writer_->size();
  strand_->leave();
  reply(std::move(result));
}

void WriteHandle::truncate(std::uint64_t size, Reply<std::uint64_t> reply) {
  step<std::uint64_t>(
      [this, size](Writer& writer) -> Result<std::uint64_t> {
        TRY(writer.truncate(size));
        changed_ = true;
        failed_.reset();
        return size;
      },
      std::move(reply));
}

void WriteHandle::read(std::uint64_t offset, std::size_t length, Reply<Bytes> reply) {
  step<Bytes>([offset, length](Writer& writer) { return writer.read(offset, length); }, std::move(reply));
}

void WriteHandle::commit(bool sync, std::function<bool()> due, Reply<FilePtr> reply) {
  strand_->run(
      [self = shared_from_this(), sync, due = std::move(due), reply = std::move(reply).share()](Strand::Done done) {
        if (self->abandoned_ || self->failed_ || !due()) {
          auto failed = self->failed_;
          if (!failed && self->fresh_ && !self->abandoned_) {  // a close before anything was written
            if (auto empty = self->writer_->accept_empty(); !empty)
              failed = std::move(empty.error());
            else
              *self->closing_.lock() = true;
          }
          done();
          if (failed) return (*reply)(fail(std::move(*failed)));
          return (*reply)(FilePtr());
        }
        self->writer_->commit(sync, Reply<FilePtr>([self, done, reply](Result<FilePtr> result) {
                                if (result) {
                                  self->changed_ = self->fresh_ = false;
                                } else {
                                  self->failed_ = result.error();
                                }
                                done();
                                (*reply)(std::move(result));
                              }));
      });
}

void WriteHandle::settle(Millis limit) {
  auto closing = closing_.lock();
  closed_.wait_for(closing.lock(), limit, [&] { return !*closing; });
}

void WriteHandle::settled() {
  *closing_.lock() = false;
  closed_.notify_all();
}

void WriteHandle::flush(Reply<FilePtr> reply) {
  commit(
      false, [this] { return changed_; }, std::move(reply));
}
void WriteHandle::sync(Reply<FilePtr> reply) {
  commit(
      true, [] { return true; }, std::move(reply));
}
void WriteHandle::close(Reply<FilePtr> reply) {
  commit(
      false, [this] { return changed_ || fresh_; },
      Reply<FilePtr>([self = shared_from_this(), reply = std::move(reply).share()](Result<FilePtr> result) {
        self->settled();
        (*reply)(std::move(result));
      }));
}

}  // namespace rfs
