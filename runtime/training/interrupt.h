// SIGINT and SIGTERM: the first one asks the loop to finish its step, a second one ends the process at once.
#pragma once

namespace sinter::runtime {

void catch_interrupts();
// The signal that came, or 0.
int pending_interrupt();

}  // namespace sinter::runtime
