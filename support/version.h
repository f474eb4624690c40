// Sinter's version, as `sinter --version`, binaries and files state it.
#pragma once

namespace sinter {

inline constexpr const char *version = "0.1.0";

}  // namespace sinter
