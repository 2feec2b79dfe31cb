// The job summary: what the mount saved, as a table and a chart.
#pragma once

#include <string>
#include <string_view>

#include "cli/action_daemon.h"

namespace rfs {

// From stats.json, status.json and peers.json of the daemon.
void write_summary(ActionStep& step, const JobDaemon& daemon);
// Markdown from those documents. Pure.
std::string summary_markdown(std::string_view stats, std::string_view status, std::string_view peers);

}  // namespace rfs
