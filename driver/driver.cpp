#include "driver/driver.h"

namespace sinter {

int run_driver(int, char **) { return 2; }

}  // namespace sinter
