// The `sinter` command line. cli.h of no other part: each subcommand is one file with one function.
#pragma once

namespace sinter {

int run_driver(int argc, char **argv);

}  // namespace sinter
