// Whether a thread that waits for us is about to die.
//
// The kernel sends INTERRUPT for every signal, also for those that the program handles and goes on after (Go's SIGURG,
// git's SIGALRM): answering EINTR to these breaks the program. Only a signal that ends it counts: HUP, INT, QUIT,
// ABRT, KILL or TERM, pending for the thread or its process and not blocked. Any thread.
#pragma once

#include <sys/types.h>

#include <string_view>

namespace rfs {

// Reads /proc/THREAD/status (a thread id works there too). False when it cannot be read, as for a thread in a foreign
// pid namespace: its request ends by its answer or its deadline.
bool fatal_signal_pending(pid_t thread);
// The same decision on the text of that file.
bool fatal_signal_in(std::string_view status);

}  // namespace rfs
