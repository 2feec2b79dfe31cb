// Which entries may travel in a snapshot, and what becomes of one that arrives. One thread at a time.
//
// Results of scans travel under a fleet secret alone, those of this repository (results/travelling.h says which).
//
// An answer travels when another credential can prove it by a 304 (its ETag could be recomputed), when it is about this
// repository or was given to the credential of this job, when its route may leave the machine, and when nothing in it
// looks like a token. Without a fleet secret it must besides be about a repository that is known to be public.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "backends/entry.h"
#include "backends/github/routes.h"

namespace rfs {

struct TravelRules {
  std::string repository;     // "octo/hello"; "" unknown
  std::string repository_id;  // decimal; "" unknown
  std::string partition;      // of the credential in use; "" unknown
  bool anonymous = false;     // that credential is none, so that what it got is public
  bool chosen = false;        // another process chose by repository and credential: what is left is what is public
  bool sealed = false;
  double now = 0;
  std::uint64_t body_most = 100u << 20;
};

class Travel {
 public:
  // routes outlives it.
  Travel(TravelRules rules, const Routes& routes);
  // Takes note of a repository that an entry shows to be public or private; every entry is shown first.
  void learn(const Entry& entry);
  void know_public(std::string_view repository, std::string_view id);
  // By its facts; reads no body.
  bool may_leave(const Entry& entry) const;
  // True when this repository's visibility would decide over entries, and nothing said it.
  bool visibility_unknown() const;

 private:
  struct Seen {
    double when;
    bool open;
  };
  bool is_public(std::string_view repository) const;
  bool own_scan(const Entry& entry) const;
  const TravelRules rules_;
  const Routes& routes_;
  std::map<std::string, Seen, std::less<>> seen_;  // repository (lower case), and id
};

// The REST path and the query of an entry of api/; nullopt for a canonical key that is not of the form.
struct TravelName {
  std::string_view path, query;
};
std::optional<TravelName> api_name(const Entry& entry);

// "octo/hello" or "/1296269" for a path below a repository, in lower case; "" for others.
std::string repository_of_path(std::string_view path);

// Whether something in the body looks like a token: a non-empty temp_clone_token, a token in a URL, a token of GitHub's
// own form. Reads all of it; a body that cannot be read is taken to carry one.
bool carries_token(const Body& body);

// What is kept of an entry that arrived: expired, with no validator but its bytes. Null: it is not taken. sealed: it
// was authentic under the fleet secret; else only answers of GitHub are taken, which a 304 has to prove.
std::shared_ptr<Entry> arrived(Entry entry, bool sealed, double now);

}  // namespace rfs
