/// The interface to systemd: sockets that it has opened (sd_listen_fds(3)), and notifications about the state of the
/// service (sd_notify(3)). These are environment variables and datagrams, so libsystemd is not needed.
#pragma once

#include <string_view>
#include <vector>

namespace winnow {

/// Returns the listening sockets that systemd opened for this process, if any. Removes the variables from the
/// environment, so that child processes do not use them. Call it once, before there are threads.
std::vector<int> SystemdSockets();

/// Sends "READY=1", "RELOADING=1" or "STOPPING=1" to systemd; does nothing if systemd does not expect notifications.
void NotifySystemd(std::string_view state);

}  // namespace winnow
