#include "support/diagnostic.h"

#include <gtest/gtest.h>

namespace sinter {
namespace {

TEST(Diagnostic, RendersLocationCaretAndHint) {
  const Diagnostic diagnostic{
      Severity::error, {"model.py", 3, 5, "  x = Conv2D()", {}}, "no filters", "say how many"};
  EXPECT_EQ(render(diagnostic),
            "model.py:3:5: error: no filters\n"
            "      x = Conv2D()\n"
            "        ^\n"
            "    hint: say how many\n");
}

TEST(Diagnostic, CaretFollowsTabsAndWideBytes) {
  // é is two bytes and takes one column.
  const Diagnostic diagnostic{Severity::warning, {"a", 1, 5, "\té x", {}}, "m", {}};
  EXPECT_EQ(render(diagnostic), "a:1:5: warning: m\n    \té x\n    \t  ^\n");
}

TEST(Diagnostic, PathInsideAFile) {
  const Diagnostic diagnostic{Severity::note, {"m.h5", 0, 0, {}, "config.layers[2]"}, "is a Lambda", {}};
  EXPECT_EQ(render(diagnostic), "m.h5: note: config.layers[2]: is a Lambda\n");
}

TEST(Diagnostics, ExitCodes) {
  Diagnostics diagnostics;
  EXPECT_EQ(diagnostics.exit_code(), 0);
  diagnostics.warning({}, "w");
  diagnostics.note({}, "n");
  EXPECT_EQ(diagnostics.exit_code(), 0);
  EXPECT_FALSE(diagnostics.has_errors());
  diagnostics.error({}, "e");
  EXPECT_EQ(diagnostics.exit_code(), 1);
  diagnostics.system_error({}, "s");
  EXPECT_EQ(diagnostics.exit_code(), 3);
  EXPECT_EQ(diagnostics.all().size(), 4u);
  EXPECT_EQ(diagnostics.render_all(), "warning: w\nnote: n\nerror: e\nerror: s\n");
}

}  // namespace
}  // namespace sinter
