// Results: results of scans on this machine: what codeql/ shows and `runnerfs codeql` goes by. An EntryStore of its own
// (codeql.db) holds a SARIF as an entry by repository, commit, configuration, language and class of trust, and the
// manifest of its scan as another by what it says. An index in memory tells what there is: hundreds of results, not
// millions. Any thread; each call is a few rows, but those marked "slow", which seal or fsync.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/codeql/key.h"
#include "backends/results/result_info.h"
#include "backends/results/sealing.h"
#include "backends/sarif/reader.h"
#include "backends/store/entry_store.h"
#include "base/counters.h"
#include "base/time.h"

namespace rfs::results {

// Messages of a store of results.
inline constexpr DbWords kResultsWords{"database of scan results", "directory of scan results", "CODEQL_CACHE_DIR",
                                       "codeql.db"};

inline constexpr std::uint64_t kSarifMost = std::uint64_t{1} << 30;
inline constexpr std::size_t kManifestMost = 16u << 20;

struct NewResult {
  ResultName name;
  std::string source = "local";
  double scan_duration = -1;                  // seconds; below 0: not known
  std::optional<codeql::Manifest> manifest;  // none: it cannot be a ground for a skip
  std::string peer = {};                     // who sent it, where a peer did
  std::string trust = {};                    // class; "": that of the job that stores through this object
  double stored_at = 0;                      // wall seconds, of one that was stored before; 0: now
};

class Results {
 public:
  // trust: the class of the job that stores through this object (codeql/trust.h). store and the others outlive it.
  Results(EntryStore& store, std::string trust, const Clock& clock, Counters& counters)
      : store_(store), trust_(std::move(trust)), clock_(clock), counters_(counters) {}

  // A result that arrives: checked and sealed piece by piece. Dropped before commit(), nothing was stored. One thread
  // at a time.
  class Incoming {
   public:
    // kInvalid with the byte where it was seen, kTooLarge; kNoSpace of these or earlier bytes. After a failure nothing
    // may follow.
    Result<> append(BytesView bytes);
    // Slow. Committed when it returns, in the place of the former result of this name and class.
    Result<ResultInfo> commit(NewResult what, bool sync);
    std::uint64_t size() const { return reader_.size(); }

   private:
    friend class Results;
    Incoming(Results& results, std::unique_ptr<store::BodyDraft> draft, sarif::Options options);
    Results& results_;
    Sealing sealing_;
    sarif::Reader reader_;
  };
  // expected: what the SARIF has to be of (tool, version, category); "" is any.
  Result<std::unique_ptr<Incoming>> begin(sarif::Options expected = {});

  using List = std::shared_ptr<const std::vector<ResultInfo>>;
  // All, newest first.
  Result<List> all();
  // The one of this name: that of this job's own class, else the newest that it may rely on, so that none which a
  // stranger sent stands before it, else the newest. nullopt: there is none.
  Result<std::optional<ResultInfo>> find(const ResultName& name);
  // Those whose scan had this key, newest first.
  Result<std::vector<ResultInfo>> with_key(const std::string& key);
  // By the digest of the SARIF; nullopt: there is none.
  Result<std::optional<ResultInfo>> with_digest(const std::string& digest);

  // The entry that holds the SARIF; null when it went meanwhile.
  Result<EntryPtr> entry(const ResultInfo& info);
  // The JSON of a manifest by its digest; nullopt: there is none.
  Result<std::optional<std::string>> manifest(const std::string& digest);

  // Slow. Removes every result that is chosen; how many.
  Result<std::uint64_t> remove(const std::function<bool(const ResultInfo&)>& chosen);

  // The index is read again at its next use: another process committed.
  void changed() { index_.lock()->reset(); }
  const std::string& trust() const { return trust_; }
  EntryStore& store() { return store_; }
  double now() const { return clock_.wall(); }

 private:
  Result<> put_manifest(const std::string& json, const std::string& digest, bool sync);

  EntryStore& store_;
  const std::string trust_;
  const Clock& clock_;
  Counters& counters_;
  Sync<List> index_;  // null: to be read
};

}  // namespace rfs::results
