// Binaries on systems that give no threads.
#include "tests/driver/command.h"

namespace sinter::test {
namespace {

TEST(Threads, WithoutThemBinariesRunAndSaySo) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "nothing can be preloaded before the sanitizer's library";
#endif
  const Scratch scratch;
  write_npy(scratch / "x.npy", {64, 32, 32, 3}, std::vector<float>(64 * 32 * 32 * 3, 0.5f));
  write_npy(scratch / "y.npy", {64, 4}, std::vector<float>(64 * 4, 0.25f));
  write_text(scratch / "no_threads.c",
             "#include <errno.h>\nint pthread_create(void *t, const void *a, void *(*f)(void *), void *d) { "
             "return EAGAIN; }\n");
  // One thread and no more.
  write_text(scratch / "one_thread.c", R"(#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
int pthread_create(void *t, const void *a, void *(*f)(void *), void *d) {
  static int calls;
  int (*next)(void *, const void *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, "pthread_create");
  return calls++ == 0 ? next(t, a, f, d) : EAGAIN;
}
)");
  write_text(scratch / "model.py", R"(import numpy as np
from keras.layers import *
from keras.models import Sequential
data = np.load('d.npz')
model = Sequential([Conv2D(16, 3, activation='relu', input_shape=(32, 32, 3)), GlobalAveragePooling2D(), Dense(4, activation='softmax')])
model.compile(optimizer='sgd', loss='mse')
model.fit(data['x'], data['y'], batch_size=32, epochs=1, verbose=2)
)");
  const std::string in = "cd " + scratch.path().string() + " && ";
  const CommandResult made =
      run(in +
          "cc -shared -fPIC -o no_threads.so no_threads.c && cc -shared -fPIC -o one_thread.so one_thread.c "
          "-ldl && "
          "python3 -m zipfile -c d.npz x.npy y.npy && sinter compile model.py --train -o t && "
          "sinter compile model.py --random-weights --batch 64 -o p");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  ASSERT_EQ(
      run(in + "./t --threads 4 --save-weights a.npz && ./p predict x.npy --threads 4 --out a.npy > text")
          .exit_code,
      0);
  const CommandResult trained = run(in + "LD_PRELOAD=./no_threads.so ./t --threads 4 --save-weights b.npz");
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_NE(trained.err.find("no thread could be started to read ahead"), std::string::npos) << trained.err;
  EXPECT_NE(trained.err.find("no thread could be started, the work of 4 is done by one"), std::string::npos)
      << trained.err;
  EXPECT_EQ(read_text(scratch / "a.npz"), read_text(scratch / "b.npz"));
  const CommandResult predicted =
      run(in + "LD_PRELOAD=./one_thread.so ./p predict x.npy --threads 4 --out b.npy");
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_NE(predicted.err.find("only 2 of 4 threads could be started"), std::string::npos) << predicted.err;
  EXPECT_EQ(read_text(scratch / "a.npy"), read_text(scratch / "b.npy"));
  const CommandResult bench = run(in + "LD_PRELOAD=./no_threads.so ./t bench --repeat 1 --threads 4");
  EXPECT_EQ(bench.exit_code, 0) << bench.err;
}

}  // namespace
}  // namespace sinter::test
