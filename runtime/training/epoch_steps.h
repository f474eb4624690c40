// Which batches of which pass over the data an epoch takes.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sinter::runtime {

struct EpochSteps {
  uint64_t batches = 1;          // of a pass
  uint64_t steps_per_epoch = 1;  // as the script says, else `batches`
  uint64_t first_epoch = 0;      // which begins a pass
  // Keras 3 ends an epoch where the pass ends, the next one begins another pass (epoch_iterator.py). A
  // generator of Keras 2 goes on with the next pass.
  bool ends_with_pass = true;

  struct Place {
    uint64_t pass, batch;
  };
  Place place(uint64_t epoch, uint64_t step) const {
    const uint64_t done = epoch - first_epoch;
    if (ends_with_pass)
      return {first_epoch + done / epochs_per_pass(), done % epochs_per_pass() * steps_per_epoch + step};
    const uint64_t at = done * steps_per_epoch + step;
    return {first_epoch + at / batches, at % batches};
  }
  uint64_t steps(uint64_t epoch) const {
    return ends_with_pass ? std::min(steps_per_epoch, batches - place(epoch, 0).batch) : steps_per_epoch;
  }

 private:
  uint64_t epochs_per_pass() const {
    return steps_per_epoch >= batches ? 1 : (batches + steps_per_epoch - 1) / steps_per_epoch;
  }
};

}  // namespace sinter::runtime
