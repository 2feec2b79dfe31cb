// Rank: how a peer answered so far, and so whether, and before whom, it is asked next. One peer each. Pure but for its
// own numbers; one thread.
//
// A peer that lets a deadline pass rests, longer each time in a row, so that a dead network costs nothing after its
// first deadline. A late answer shows that it lives: it rests for a second, doubled each time.
#pragma once

#include "base/time.h"

namespace rfs {

class Rank {
 public:
  bool resting(SteadyTime now) const { return now < rest_until_; }
  // Less is asked sooner: the milliseconds that an answer takes, weighed with how often GitHub confirmed one.
  double cost() const;

  void answered(Millis took);
  void missed(SteadyTime now);                   // nothing by the deadline
  void came_late(Millis took, SteadyTime now);   // after missed(), all the same
  void busy(Millis retry, SteadyTime now);
  // What GitHub said of a body. Content changes, so one that is not confirmed is no lie; who is wrong nearly always is
  // not asked for ten minutes.
  void verdict(bool right, SteadyTime now);

 private:
  double took_ = 5;   // milliseconds, a moving average
  double right_ = 1;  // share of bodies that were confirmed, a moving average
  int judged_ = 0, missed_ = 0, late_ = 0;
  SteadyTime rest_until_{};
};

}  // namespace rfs
