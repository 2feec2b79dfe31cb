#include "base/secret.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <type_traits>
#include <vector>

#include "tests/catch.h"

using namespace rfs;

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(std::is_nothrow_move_constructible_v<SecretBytes>);

TEST_CASE("a new secret is zeros of its size") {
  REQUIRE(secret_setup());
  for (std::size_t size : {1u, 32u, 64u, 65u, 5'000u}) {
    SecretBytes secret(size);
    CHECK(secret.size() == size);
    CHECK(secret.equals(Bytes(size, 0)));
  }
  CHECK(SecretBytes().empty());
  CHECK(SecretBytes(0).empty());
}

TEST_CASE("a secret moves and leaves nothing behind") {
  SecretBytes a = SecretBytes::copy_of("hello");
  SecretBytes b = std::move(a);
  CHECK(a.empty());
  CHECK(b.reveal_text() == "hello");
  SecretBytes c = SecretBytes::copy_of("other");
  c = std::move(b);
  CHECK(b.empty());
  CHECK(c.reveal_text() == "hello");
  CHECK(c.clone().reveal_text() == "hello");
}

TEST_CASE("equality is of length and bytes") {
  SecretBytes secret = SecretBytes::copy_of("hello");
  CHECK(secret.equals(view("hello")));
  CHECK_FALSE(secret.equals(view("hellp")));
  CHECK_FALSE(secret.equals(view("hell")));
  CHECK_FALSE(secret.equals({}));
  CHECK(SecretBytes().equals({}));
}

TEST_CASE("random secrets differ") {
  SecretBytes a = SecretBytes::random(32), b = SecretBytes::random(32);
  CHECK_FALSE(a.equals(b.reveal()));
  CHECK_FALSE(a.equals(Bytes(32, 0)));
}

TEST_CASE("a slot is wiped before it is used again") {
  const std::uint8_t* where;
  {
    SecretBytes secret = SecretBytes::copy_of(Bytes(32, 0xAA));
    where = secret.reveal().data();
  }
  // The last one given back is the first one taken.
  SecretBytes next(64);
  REQUIRE(next.reveal().data() == where);
  CHECK(next.equals(Bytes(64, 0)));
}

TEST_CASE("many small secrets do not share bytes") {
  std::vector<SecretBytes> secrets;
  for (int i = 0; i < 1'000; ++i) secrets.push_back(SecretBytes::copy_of(Bytes(64, static_cast<std::uint8_t>(i))));
  for (int i = 0; i < 1'000; ++i)
    CHECK(secrets[static_cast<std::size_t>(i)].equals(Bytes(64, static_cast<std::uint8_t>(i))));
}

// Last in this file: the fact stays recorded.
TEST_CASE("memory that cannot be locked is a recorded fact and not a failure") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_MEMLOCK, &before) == 0);
  rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_MEMLOCK, &none) == 0);
  SecretBytes large(100'000);
  bool could = ::mlock(large.reveal().data(), large.size()) == 0;
  REQUIRE(::setrlimit(RLIMIT_MEMLOCK, &before) == 0);
  CHECK(large.equals(Bytes(100'000, 0)));
  if (!could) CHECK_FALSE(secret_locked());  // the superuser could
}
