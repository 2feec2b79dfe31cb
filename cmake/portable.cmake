# RFS_PORTABLE: a program that runs where nothing is installed, on a C library of 2.34 or later. What C++ there is in other
# libraries is compiled in, libstdc++ too, since two of them in one process do not go together; C libraries travel beside the
# program and are found by $ORIGIN/../lib. RPATH rather than RUNPATH, because it also holds for what those libraries need
# themselves. scripts/portable gathers and checks them.
set(RFS_FMT fmt::fmt-header-only)
set(RFS_SPDLOG spdlog::spdlog_header_only)
find_library(RFS_YAML_STATIC NAMES libyaml-cpp.a REQUIRED)
set(RFS_YAML "${RFS_YAML_STATIC}")

# rfs_portable(TARGET): links it that way.
function(rfs_portable target)
  target_sources(${target} PRIVATE "${CMAKE_SOURCE_DIR}/cmake/portable_libc.cpp")
  set_target_properties(${target} PROPERTIES BUILD_RPATH "$ORIGIN/../lib" INSTALL_RPATH "$ORIGIN/../lib")
  target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc "LINKER:--disable-new-dtags" "LINKER:--as-needed"
                      "LINKER:--exclude-libs,ALL")
endfunction()
