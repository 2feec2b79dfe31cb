// Mounting with libfuse: its options, its messages turned into errors, and nothing else.
#pragma once

#include <fuse_lowlevel.h>

#include <memory>

#include "base/handle.h"
#include "base/result.h"
#include "fs/kernel/session.h"

namespace rfs {

using FuseSession = Handle<fuse_session, fuse_session_destroy>;  // destroying closes /dev/fuse: the connection ends

// "fsname=…,subtype=runnerfs,default_permissions,…": for the kernel and libfuse.
std::string mount_options(const MountOptions& options);

// Mounts on options.mountpoint, which must be an absolute path. Failures name the cause: no /dev/fuse, no fusermount3,
// not permitted, mountpoint missing or not a directory.
Result<FuseSession> mount(const MountOptions& options, const fuse_lowlevel_ops& operations, void* userdata);

}  // namespace rfs
