#include "runtime/training/interrupt.h"

#include <unistd.h>

#include <csignal>

namespace sinter::runtime {
namespace {

volatile std::sig_atomic_t pending = 0;

void on_signal(int signal) {
  if (pending) _exit(128 + signal);
  pending = signal;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int pending_interrupt() {
  return pending;
}

}  // namespace sinter::runtime
