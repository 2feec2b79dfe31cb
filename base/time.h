// Time enters the program through a Clock, so that a test can own it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace rfs {

using SteadyTime = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

// Any thread. wall() is seconds since 1970 with fractions and may step; steady() never does.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual double wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  double wall() const override;
  SteadyTime steady() const override;
};

// Stands still until it is told. Any thread.
class FakeClock final : public Clock {
 public:
  double wall() const override { return wall_.load(); }
  SteadyTime steady() const override { return SteadyTime(std::chrono::nanoseconds(steady_ns_.load())); }
  void set_wall(double seconds) { wall_.store(seconds); }
  void advance(double seconds) {
    wall_.store(wall_.load() + seconds);
    steady_ns_.fetch_add(static_cast<std::int64_t>(seconds * 1e9));
  }

 private:
  std::atomic<double> wall_{1'700'000'000.0};
  std::atomic<std::int64_t> steady_ns_{1'000'000'000};
};

// 2026-01-31T12:00:00.123Z (RFC 3339, UTC).
std::string rfc3339(double wall);

}  // namespace rfs
