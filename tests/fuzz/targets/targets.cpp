#include "tests/fuzz/targets/targets.h"

namespace sinter::fuzz {

std::span<const Target> all_targets() {
  static constexpr Target targets[] = {{"script", script},
                                       {"json", json},
                                       {"hdf5", hdf5},
                                       {"zip", zip},
                                       {"npz", npz},
                                       {"safetensors", safetensors},
                                       {"checkpoint", checkpoint},
                                       {"idx", idx},
                                       {"cifar", cifar},
                                       {"image", image},
                                       {"graph", graph},
                                       {"kernel", kernel}};
  return targets;
}

}  // namespace sinter::fuzz
