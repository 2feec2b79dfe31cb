// Handle<T, free>: a C object wrapped the moment it is born. Move-only, the size of one pointer.
#pragma once

#include <memory>

namespace rfs {

template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreedBy<Free>>;

}  // namespace rfs
