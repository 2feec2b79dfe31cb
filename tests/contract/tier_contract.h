// What every tier on this machine does: one suite, run against each implementation.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backends/tier.h"
#include "tests/contract/samples.h"

namespace rfs::contract {

// A tier under test, and what it stands on.
struct Subject {
  std::shared_ptr<void> holds;
  LocalTier* tier = nullptr;
  // Bodies above this size are not kept (a tier may say so); 0: all are.
  std::uint64_t largest = 0;
};
using MakeSubject = std::function<Subject()>;

// Each is one statement about a tier; run from a TEST_CASE with sections. Every call makes a fresh subject.
void an_entry_comes_back_as_it_was_put(const MakeSubject& make);
void a_body_of_any_size_can_be_read_at_any_offset(const MakeSubject& make);
void put_replaces_and_remove_forgets(const MakeSubject& make);
void update_changes_the_facts_and_keeps_the_body(const MakeSubject& make);
void keys_that_differ_in_any_part_are_different_entries(const MakeSubject& make);
void a_body_stays_readable_after_its_entry_is_gone(const MakeSubject& make);
void many_threads_see_whole_entries(const MakeSubject& make);

// The whole body, read in one piece through read_at.
std::string body_of(const Entry& entry);

}  // namespace rfs::contract
