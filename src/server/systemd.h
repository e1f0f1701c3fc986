/// systemd's side of a service: sockets that it has opened (sd_listen_fds(3)), and telling it how we are
/// (sd_notify(3)). Both are environment variables and a datagram, so libsystemd is not needed.
#pragma once

#include <string_view>
#include <vector>

namespace winnow {

/// Sockets that listen already and are meant for this process; none where systemd opened none. Takes the variables
/// out of the environment, so that children don't think that they are meant. Call it once, before there are threads.
std::vector<int> SystemdSockets();

/// "READY=1", "RELOADING=1", "STOPPING=1": does nothing where nobody listens.
void NotifySystemd(std::string_view state);

}  // namespace winnow
