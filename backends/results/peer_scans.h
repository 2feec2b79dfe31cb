// Results of scans that are given to members of the network of peers, and those that come from them. What comes is of
// class "fork", which nobody relies on, until GitHub or a writer whom the owner named vouches for it (codeql/writer.h).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "backends/codeql/writer.h"
#include "backends/peers/scan_source.h"
#include "backends/results/results.h"
#include "base/sync.h"

namespace rfs::results {

class PeerScans final : public ScanSource {
 public:
  // results outlives it.
  explicit PeerScans(Results& results) : results_(results) {}
  std::optional<GivenScan> find(const Digest& id, const std::function<Digest(BytesView)>& ask_id) override;

  // Keeps what a member sent for a name. kInvalid: it is no SARIF. A manifest that is not of this name is left out.
  Result<> take(const ResultName& name, const PeerScan& scan);
  // The same for a key, by its hash, on the word of a writer: the name is the manifest's. kInvalid: none of these signed
  // it, or it is another key's.
  Result<> take_by_key(const std::string& hash, const PeerScan& scan, std::span<const Ed25519Public> writers);

 private:
  struct Index {
    Results::List of;  // that it was made of
    std::map<Digest, std::size_t> by_id;
  };
  Result<> store(ResultName name, std::optional<codeql::Manifest> manifest, const PeerScan& scan);

  Results& results_;
  Sync<Index> index_;
};

}  // namespace rfs::results
