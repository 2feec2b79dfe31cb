// seal_body: a body becomes sealed chunks: rows, or a file of objects/ and the rows of its index.
#pragma once

#include <memory>
#include <vector>

#include "backends/body.h"
#include "backends/store/codec.h"
#include "backends/store/database.h"

namespace rfs::store {

// Bodies up to this size are rows of the database; larger ones are files: a database is several times slower at them.
inline constexpr std::uint64_t kRowsMost = 256 * 1024;

struct SealedBody {
  BodyRef ref;
  std::vector<Bytes> rows;   // chunk(ref.id, i, …), yet to be written: of the body, or of its index when it is a file
  std::uint64_t stored = 0;  // bytes of all its chunks
  // Taken before a file is made and held until the row that names it is committed: until then it looks abandoned.
  std::shared_ptr<const Locks::Pin> pin;
};

// Seals the chunks of one body in their order. One thread.
class ChunkStream {
 public:
  static Result<ChunkStream> start(const Database& database, const Id16& id);
  // ciphertext ‖ tag. Every chunk but the last is exactly kChunk bytes of plaintext.
  Result<Bytes> next(BytesView plain, bool last);
  const RecordHeader& header() const { return sealer_.header(); }  // constant from the first chunk on

 private:
  ChunkStream(const Database& database, const Id16& id, Sealer sealer)
      : database_(&database), id_(id), sealer_(std::move(sealer)) {}
  const Database* database_;
  Id16 id_;
  Sealer sealer_;
  bool begun_ = false;
};

Id16 fresh_body_id();
// Sealed chunks as the rows of an index of their lengths; the header of the index goes into out.ref.index.
Result<> seal_index(Database& database, const Bytes& lengths, SealedBody& out);

// Reads all of `body`. A file is durable when this returns, and the caller's to remove if it does not commit its row.
Result<SealedBody> seal_body(Database& database, const Body& body);

// Whether two bodies are the same bytes. A failure to read either is the answer no.
bool same_bytes(const Body& one, const Body& other);

}  // namespace rfs::store
