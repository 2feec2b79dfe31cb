// The test program's main. Catch2 3 brings its own; then this file is empty.
#if __has_include(<catch2/catch.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
