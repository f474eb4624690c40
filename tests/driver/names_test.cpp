// Names out of scripts and files are printed escaped, wherever they go to a terminal.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/driver/command.h"

namespace sinter::test {
namespace {

// Control characters but the newlines (and carriage returns of progress bars) of the output itself.
bool is_safe(const std::string &text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
  });
}

TEST(Names, AreEscaped) {
  const Scratch scratch;
  write_text(scratch / "model.py", R"(from keras.layers import *
from keras.models import Model
x = Input((4,), name='in\x1b[31m\nput')
h = Dense(3, activation='relu', name='a\x1b[31mb\nerror: c')(x)
model = Model(x, Dense(2, activation='softmax', name='o\x1b]0;t\x07u')(h))
model.compile(optimizer='sgd', loss='mse', metrics=['mae'])
)");
  write_text(scratch / "bad.py",
             "from keras.layers import *\nx = Dense(3, activation='no\\x1b[31m\\nerror: such', "
             "input_shape=(4,))\n\x1b = 1\n");
  write_text(scratch / "bad2.py",
             "from keras.models import Sequential\nfrom keras.layers import Dense\nm = Sequential([Dense(3, "
             "activation='no\\x1b[31m\\nerror: such', input_shape=(4,))])\n");
  write_text(scratch / "labels", "cat\x1b[2J\ndog\x7f\n");
  write_npy(scratch / "x.npy", {1, 4}, std::vector<float>{1, 2, 3, 4});
  const std::string in = "cd " + scratch.path().string() + " && ";
  ASSERT_EQ(run(in + "cp x.npy \"$(printf 'x\\033[31m\\n.npy')\" && sinter compile model.py --random-weights "
                     "--labels labels -o p && sinter compile model.py --train -o t")
                .exit_code,
            0);
  for (const char *command :
       {"sinter summary model.py",
        "sinter summary --style keras3 model.py",
        "sinter summary --style markdown model.py",
        "sinter summary --costs model.py",
        "sinter summary --style json model.py",
        "sinter compile model.py --emit graph",
        "sinter compile model.py --emit plan",
        "sinter compile model.py --emit kernels",
        "sinter summary bad.py",
        "sinter compile --random-weights bad2.py -o q",
        "./p info",
        "./t info",
        "./p info --json",
        "./p predict x*npy",
        "./p predict x*npy --json",
        "./p predict \"$(printf 'no\\033[31mfile')\"",
        "./p bench --per-kernel --repeat 1",
        "./t evaluate --data \"$(printf 'no\\033[31mfile')\" --weights \"$(printf 'no\\033[31mfile')\"",
        "./t --data \"$(printf 'no\\033[31m\\nfile')\"",
        "./t --data x.npy --checkpoint \"$(printf 'no\\033[31m/file')\"",
        "sinter compile \"$(printf 'no\\033[31mfile')\"",
        "sinter convert x.npy y.h5"}) {
    const CommandResult result = run(in + command);
    EXPECT_TRUE(is_safe(result.out)) << command << "\n" << nlohmann::json(result.out);
    EXPECT_TRUE(is_safe(result.err)) << command << "\n" << nlohmann::json(result.err);
    EXPECT_EQ((result.out + result.err).find("\nerror: "), std::string::npos)
        << command << result.out << result.err;
  }
  EXPECT_NE(run(in + "sinter summary model.py").out.find("a\\x1b[31mb\\nerror: c (Dense)"),
            std::string::npos);
  EXPECT_NE(run(in + "./p predict x.npy").out.find("cat\\x1b[2J"), std::string::npos);
  const nlohmann::json info = nlohmann::json::parse(run(in + "./p info --json").out);
  EXPECT_EQ(info["labels"], (std::vector<std::string>{"cat\x1b[2J", "dog\x7f"}))
      << "JSON escapes in its own way";
  // The printed graph is read back with the same names.
  ASSERT_EQ(run(in + "sinter compile model.py --emit graph -o m.graph && sinter compile m.graph --emit graph "
                     "-o n.graph && cmp m.graph n.graph")
                .exit_code,
            0);
}

}  // namespace
}  // namespace sinter::test
