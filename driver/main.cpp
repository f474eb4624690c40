#include "driver/driver.h"

int main(int argc, char **argv) {
  return sinter::run_driver(argc, argv);
}
