// Data sets as a predictor without a script's steps sees them.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "fake_programs.h"
#include "fixtures.h"
#include "runtime/data/sample_set.h"

namespace sinter::runtime {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;

struct Sampled {
  std::string problem;  // "FILE: MESSAGE", or empty
  ExitCode code = ExitCode::done;
  int64_t count = 0;
  std::vector<float> x, x1, y, y1;
};

class DatasetTest : public FolderTest {
 protected:
  // Opens and reads everything for a fake program, in pieces of at most `piece` samples.
  Sampled load(const std::string &program_name, const std::string &where, const std::string &split = "test",
               int64_t piece = 2) {
    const Program program = fake_program(program_name);
    const Trainer evaluation = make_evaluation(program);
    Sampled result;
    const auto failed = [&](const Error &error) {
      result.problem = error.file + ": " + error.message;
      result.code = error.code;
      return result;
    };
    DataLoader loader(evaluation, where);
    Result<std::optional<SampleSet>> loaded = SampleSet::load(evaluation, loader, split);
    if (!loaded) return failed(loaded.error());
    if (!*loaded) return failed(loader.nothing_for(split));
    const SampleSet &set = **loaded;
    result.count = set.count();
    for (int64_t done = 0; done < result.count; done += piece) {
      const int64_t n = std::min(piece, result.count - done);
      std::vector<std::vector<float>> inputs, targets;
      std::vector<float *> to_inputs, to_targets;
      for (const TensorInfo &input : program.inputs) inputs.emplace_back(n * input.elements);
      for (const TensorInfo &output : program.outputs) targets.emplace_back(n * output.elements);
      for (std::vector<float> &input : inputs) to_inputs.push_back(input.data());
      for (std::vector<float> &target : targets) to_targets.push_back(target.data());
      std::vector<uint32_t> samples;
      for (int64_t i = 0; i < n; ++i) samples.push_back(static_cast<uint32_t>(done + i));
      if (Status status = set.gather(samples, to_inputs.data(), to_targets.data()); !status)
        return failed(status.error());
      result.x.insert(result.x.end(), inputs[0].begin(), inputs[0].end());
      result.y.insert(result.y.end(), targets[0].begin(), targets[0].end());
      if (inputs.size() > 1) result.x1.insert(result.x1.end(), inputs[1].begin(), inputs[1].end());
      if (targets.size() > 1) result.y1.insert(result.y1.end(), targets[1].begin(), targets[1].end());
    }
    return result;
  }

  std::string folder() const { return path("."); }
};

std::string pixels(size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(i % 251);
  return bytes;
}

TEST_F(DatasetTest, IdxPlainAndCompressed) {
  for (const bool compressed : {false, true}) {
    const std::string images = idx({3, 28, 28}, pixels(3 * 784)),
                      labels = idx({3}, std::string("\x02\x00\x09", 3));
    const std::string name = compressed ? "z" : "plain", suffix = compressed ? ".gz" : "";
    write(name + "/t10k-images-idx3-ubyte" + suffix, compressed ? gzip(images) : images);
    write(name + "/t10k-labels-idx1-ubyte" + suffix, compressed ? gzip(labels) : labels);
    for (const char *program : {"digits", "flat"}) {
      const Sampled data = load(program, path(name));
      ASSERT_EQ(data.problem, "");
      EXPECT_EQ(data.count, 3);
      EXPECT_EQ(data.x[784 + 5], (784 + 5) % 251);
      ASSERT_EQ(data.y.size(), 30u);
      EXPECT_EQ(data.y[2], 1);
      EXPECT_EQ(data.y[10], 1);
      EXPECT_EQ(data.y[29], 1);
      EXPECT_EQ(std::count(data.y.begin(), data.y.end(), 1.0f), 3);
    }
  }
}

TEST_F(DatasetTest, IdxDamageNamesFileOffsetAndExpectation) {
  const std::string images = idx({2, 28, 28}, pixels(2 * 784));
  const auto problem = [&](const std::string &image_bytes, const std::string &label_bytes,
                           const char *program = "digits") {
    write("t10k-images-idx3-ubyte", image_bytes);
    write("t10k-labels-idx1-ubyte", label_bytes);
    const Sampled data = load(program, folder());
    EXPECT_EQ(data.code, ExitCode::rejected) << data.problem;
    return data.problem;
  };
  const std::string labels = idx({2}, "\x01\x02");
  EXPECT_THAT(
      problem(images, idx({2}, "\x01\x0C")),
      HasSubstr(
          "t10k-labels-idx1-ubyte: offset 9: label 12 of sample 1, expected a whole number from 0 to 9"));
  EXPECT_THAT(problem(images, idx({3}, "\1\2\3")), HasSubstr("t10k-labels-idx1-ubyte: 3 samples, but"));
  EXPECT_THAT(problem("\xFF" + images.substr(1), labels),
              HasSubstr("offset 0: IDX magic number ff000803, expected"));
  EXPECT_THAT(problem(images + "x", labels),
              HasSubstr("expected a file of 1584 bytes for shape [2, 28, 28], found 1585"));
  EXPECT_THAT(problem(idx({2, 28, 0}, ""), labels),
              HasSubstr("offset 12: IDX dimension 0, expected 1 to 65536"));
  EXPECT_THAT(problem(idx({2, 5, 5}, pixels(50)), labels),
              HasSubstr("samples of shape [5, 5], but the model's input 'x' is [N, 28, 28, 1]"));
  for (size_t length = 0; length < images.size(); length += 1 + length / 8)
    EXPECT_THAT(problem(images.substr(0, length), labels), ContainsRegex("offset [0-9]+: expected "))
        << length;
  const std::string compressed = gzip(images);
  std::remove(path("t10k-images-idx3-ubyte").c_str());
  for (size_t length = 0; length < compressed.size(); length += 1 + length / 8) {
    write("t10k-images-idx3-ubyte.gz", compressed.substr(0, length));
    EXPECT_THAT(load("digits", folder()).problem,
                ContainsRegex("offset [0-9]+( of the compressed data)?: expected "))
        << length;
  }
}

TEST_F(DatasetTest, CifarPlanesBecomeChannels) {
  std::string record("\x07", 1);
  for (int c = 0; c < 3; ++c)
    for (int i = 0; i < 1024; ++i) record += static_cast<char>((i % 80) + 80 * c);
  write("test_batch.bin", record + record);
  const Sampled data = load("cifar", folder());
  ASSERT_EQ(data.problem, "");
  EXPECT_EQ(data.count, 2);
  EXPECT_THAT(std::vector<float>(data.x.begin() + 15, data.x.begin() + 18), ElementsAre(5, 85, 165));
  EXPECT_EQ(data.y[7], 1);
  EXPECT_EQ(load("cifar", path("test_batch.bin")).count, 2) << "a file is a data set too";

  write("test_batch.bin", record + record.substr(0, 3000));
  EXPECT_THAT(
      load("cifar", folder()).problem,
      HasSubstr("test_batch.bin: offset 3073: expected CIFAR records of 3073 bytes each, the file has 6073"));
  write("test_batch.bin", record + "\x0B" + record.substr(1));
  EXPECT_THAT(load("cifar", folder()).problem, HasSubstr("offset 3073: label 11, expected 0 to 9"));
  write("test_batch.bin", record);
  EXPECT_THAT(load("digits", folder()).problem, HasSubstr("samples of shape [32, 32, 3]"));
}

TEST_F(DatasetTest, CifarTrainHasFiveParts) {
  std::string record(3073, '\0');
  for (int i = 1; i <= 4; ++i) write("data_batch_" + std::to_string(i) + ".bin", record + record);
  EXPECT_EQ(load("cifar", folder(), "train").code, ExitCode::system) << "the fifth is missing";
  write("data_batch_5.bin", record);
  const Sampled data = load("cifar", folder(), "train", 7);
  EXPECT_EQ(data.problem, "");
  EXPECT_EQ(data.count, 9);
}

// The files of Keras's own download, wherever its versions unpack them.
TEST_F(DatasetTest, CifarAsPythonPickledIt) {
  const std::string picture(3072, '\x09');
  for (int i = 1; i <= 5; ++i)
    write("py/cifar-10-batches-py/data_batch_" + std::to_string(i),
          cifar_pickle({{"labels", {i, 0}}}, picture + picture));
  write("py/cifar-10-batches-py/test_batch", cifar_pickle({{"labels", {7}}}, picture));
  for (const char *where : {"py", "py/cifar-10-batches-py"}) {
    const Sampled test = load("cifar", path(where)), train = load("cifar", path(where), "train", 3);
    ASSERT_EQ(test.problem + train.problem, "");
    EXPECT_EQ(test.count, 1);
    EXPECT_EQ(test.x[3071], 9);
    EXPECT_EQ(test.y[7], 1);
    EXPECT_EQ(train.count, 10);
    EXPECT_EQ(train.y[10 * 8 + 5], 1) << "the first of the fifth batch";
  }
  write("py/cifar-10-batches-py/data_batch_3", "\x80\x02nonsense");
  EXPECT_THAT(load("cifar", path("py"), "train").problem,
              HasSubstr("data_batch_3: offset 2: the pickle's operation"));
}

TEST_F(DatasetTest, CifarsHundredClassesAndTwenty) {
  const std::string picture(3072, '\x01'), bytes = "\x04\x09" + picture + "\x02\x07" + picture;
  write("bin/test.bin", bytes);
  write("py/test", cifar_pickle({{"coarse_labels", {4, 2}}, {"fine_labels", {9, 7}}}, picture + picture));
  for (const char *where : {"bin", "py", "bin/test.bin"})
    for (const bool coarse : {false, true}) {
      Archives archives;
      const std::string member = std::string(coarse ? "coarse/" : "") + "y_test";
      const RawArrayResult labels = load_array(path(where), member, {}, archives);
      ASSERT_TRUE(labels && *labels) << where;
      EXPECT_EQ((*labels)->at(0, 0), coarse ? 4 : 9) << where;
      EXPECT_EQ((*labels)->at(1, 0), coarse ? 2 : 7) << where;
      EXPECT_EQ((*load_array(path(where), coarse ? "coarse/x_test" : "x_test", {}, archives))->count, 2)
          << where;
    }
  Archives archives;
  write("ten/test_batch.bin", "\x04" + picture);
  const RawArrayResult refused = load_array(path("ten"), "coarse/y_test", {}, archives);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("coarse labels, which CIFAR-10 does not have"));
}

// Places in a data set of several files are those of the file.
TEST_F(DatasetTest, PlacesNameTheFileOfSeveral) {
  const std::string picture(3072, '\x01');
  for (int i = 1; i <= 5; ++i)
    write("data_batch_" + std::to_string(i) + ".bin", (i == 3 ? "\x09" : "\x01") + picture);
  Archives archives;
  const RawArrayResult labels = load_array(folder(), "y_train", {}, archives);
  ASSERT_TRUE(labels && *labels);
  EXPECT_EQ((*labels)->place(2, 0), "data_batch_3.bin, offset 0");
  EXPECT_EQ((*load_array(folder(), "x_train", {}, archives))->place(4, 7), "data_batch_5.bin, offset 8");
}

// Whoever opens a FIFO waits for somebody to write to it.
TEST_F(DatasetTest, NoFifoIsOpened) {
  write("pictures/test/red/a.png", png(4, 4, 3, std::vector<uint8_t>(48, 5)));
  for (const char *name : {"green", "blue"})
    write("pictures/test/" + std::string(name) + "/a.png", read_file(path("pictures/test/red/a.png")));
  ASSERT_EQ(mkfifo(path("pictures/test/red/b.png").c_str(), 0600), 0);
  std::filesystem::create_symlink("nowhere", path("pictures/test/blue/c.png"));
  testing::internal::CaptureStderr();
  const Sampled pictures = load("image", path("pictures"));
  const std::string note = testing::internal::GetCapturedStderr();
  EXPECT_EQ(pictures.problem, "");
  EXPECT_EQ(pictures.count, 3);
  EXPECT_THAT(note, HasSubstr("test/red/b.png is left out: it is no regular file"));
  EXPECT_THAT(note, HasSubstr("test/blue/c.png is left out"));

  make_folder("files");
  for (const char *name : {"t10k-images-idx3-ubyte.gz", "test_batch.bin", "test_batch", "d.npz"}) {
    ASSERT_EQ(mkfifo(path(std::string("files/") + name).c_str(), 0600), 0);
    const std::string where = name == std::string("d.npz") ? path("files/d.npz") : path("files");
    const Sampled refused = load("digits", where);
    EXPECT_EQ(refused.code, ExitCode::system) << name;
    EXPECT_THAT(refused.problem, HasSubstr(std::string(name) + ": is a named pipe, expected a file")) << name;
    std::filesystem::remove(path(std::string("files/") + name));
  }
}

TEST_F(DatasetTest, NpzOfPixelsAndClassNumbers) {
  const std::string x = npy("|u1", "(3, 2, 2)", std::string("\1\2\3\4\5\6\7\x08\x09\x0A\x0B\x0C"));
  for (const bool deflated : {false, true})
    for (const std::string &y :
         {npy("<i8", "(3,)", bytes_of<int64_t>({2, 0, 1})), npy("|u1", "(3, 1)", std::string("\2\0\1", 3)),
          npy("<f4", "(3, 3)", bytes_of<float>({0, 0, 1, 1, 0, 0, 0, 1, 0}))}) {
      write("data.npz",
            zip({{"x_test.npy", x, deflated}, {"y_test.npy", y, deflated}, {"x_train.npy", "?"}}));
      for (const std::string &where : {folder(), path("data.npz")}) {
        const Sampled data = load("classes", where);
        ASSERT_EQ(data.problem, "");
        EXPECT_THAT(data.x, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
        EXPECT_THAT(data.y, ElementsAre(0, 0, 1, 1, 0, 0, 0, 1, 0));
      }
    }
}

TEST_F(DatasetTest, NpzOfSeveralInputsAndOutputs) {
  write("d.npz", zip({{"x_test.a.npy", npy_floats({2, 2}, {1, 2, 3, 4})},
                      {"x_test.b.npy", npy_floats({2, 3}, {5, 6, 7, 8, 9, 10})},
                      {"y_test.sum.npy", npy_floats({2}, {11, 12})},
                      {"y_test.b/out:0.npy", npy_floats({2, 3}, {1, 1, 1, 2, 2, 2})}}));
  const Sampled data = load("pairs", folder());
  ASSERT_EQ(data.problem, "");
  EXPECT_THAT(data.x, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(data.x1, ElementsAre(5, 6, 7, 8, 9, 10));
  EXPECT_THAT(data.y, ElementsAre(11, 12));
  EXPECT_THAT(data.y1, ElementsAre(1, 1, 1, 2, 2, 2));
}

TEST_F(DatasetTest, NpzTakesTheModelFilesLayout) {
  std::vector<float> x(24);
  for (size_t i = 0; i < 24; ++i) x[i] = static_cast<float>(i);
  write("d.npz",
        zip({{"x_test.npy", npy_floats({1, 4, 2, 3}, x)}, {"y_test.npy", npy_floats({1, 4, 2, 3}, x)}}));
  const Sampled data = load("planes", folder());
  ASSERT_EQ(data.problem, "");
  // Channel c of pixel p was element 6 c + p.
  for (size_t p = 0; p < 6; ++p)
    for (size_t c = 0; c < 4; ++c) {
      EXPECT_EQ(data.x[4 * p + c], static_cast<float>(6 * c + p));
      EXPECT_EQ(data.y[4 * p + c], static_cast<float>(6 * c + p));
    }
}

TEST_F(DatasetTest, NpzProblemsAreNamed) {
  const std::string x = npy_floats({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const auto problem = [&](const std::string &y, const std::string &split = "test") {
    write("d.npz", zip({{"x_test.npy", x}, {"y_test.npy", y}}));
    return load("classes", path("d.npz"), split).problem;
  };
  EXPECT_THAT(
      problem(npy("<i8", "(2,)", bytes_of<int64_t>({2, 3}))),
      HasSubstr("d.npz(y_test.npy): offset 136: label 3 of sample 1, expected a whole number from 0 to 2"));
  EXPECT_THAT(problem(npy_floats({2}, {0.5, 1})), HasSubstr("label 0.5"));
  EXPECT_THAT(problem(npy_floats({3}, {0, 1, 1})), HasSubstr("3 samples, but"));
  EXPECT_THAT(problem(npy_floats({2, 2}, {0, 1, 1, 0})),
              HasSubstr("targets of shape [N, 2], but output 'y' is [N, 3]"));
  EXPECT_THAT(problem(x, "train"), HasSubstr("no array 'x_train'"));
  write("d.npz", "not a zip archive at all.");
  EXPECT_THAT(load("classes", path("d.npz")).problem, HasSubstr("expected a zip end record"));
  write("e.npz", "");
  EXPECT_THAT(load("classes", folder()).problem, HasSubstr("several .npz files: d.npz, e.npz"));
}

TEST_F(DatasetTest, NpzEveryTruncationAndFlipIsRejectedOrHarmless) {
  const std::string whole = zip({{"x_test.npy", npy_floats({1, 2, 2}, {1, 2, 3, 4}), true},
                                 {"y_test.npy", npy("|u1", "(1,)", "\2"), true}});
  for (size_t length = 0; length < whole.size(); ++length) {
    write("d.npz", whole.substr(0, length));
    EXPECT_NE(load("classes", path("d.npz")).problem, "") << length;
  }
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    write("d.npz", damaged);
    const Sampled data = load("classes", path("d.npz"));
    if (data.problem.empty()) {
      EXPECT_THAT(data.x, ElementsAre(1, 2, 3, 4)) << bit;
    }
  }
}

TEST_F(DatasetTest, FolderOfPictures) {
  const auto plain = [](uint8_t r, uint8_t g, uint8_t b) {
    std::vector<uint8_t> pixels;
    for (int i = 0; i < 30; ++i) pixels.insert(pixels.end(), {r, g, b});
    return png(6, 5, 3, pixels);
  };
  write("test/green/b.PNG", plain(0, 9, 0));
  write("test/red/a.png", plain(8, 0, 0));
  write("test/blue/c.jpeg", plain(0, 0, 7));  // decided by content, not by name
  write("test/blue/notes.txt", "no picture");
  write("test/blue/.hidden.png", "no picture");
  const Sampled data = load("image", folder());
  ASSERT_EQ(data.problem, "");
  EXPECT_EQ(data.count, 3);
  // Folders come sorted (blue, green, red); classes are those of the labels red, green, blue.
  EXPECT_THAT(data.y, ElementsAre(0, 0, 1, 0, 1, 0, 1, 0, 0));
  EXPECT_EQ(data.x[2], 7);
  EXPECT_EQ(data.x[48 + 1], 9);
  EXPECT_EQ(data.x[96 + 0], 8);
}

TEST_F(DatasetTest, FolderProblems) {
  make_folder("test");
  EXPECT_THAT(load("image", folder()).problem, HasSubstr("expected one folder of pictures per class"));
  make_folder("test/a");
  EXPECT_THAT(load("image", folder()).problem,
              HasSubstr("no class of the program is called like the folder 'a'"));
  std::filesystem::remove(path("test/a"));
  for (const char *name : {"red", "blue"}) make_folder(std::string("test/") + name);
  EXPECT_THAT(load("image", folder()).problem, HasSubstr("there is no folder for the class 'green'"));
  make_folder("test/green");
  EXPECT_THAT(load("image", folder()).problem, HasSubstr("expected pictures"));
  write("test/red/x.png", "\x89PNG\r\n\x1A\nbroken");
  const Sampled broken = load("image", folder());
  EXPECT_THAT(broken.problem, HasSubstr("test/red/x.png: damaged PNG: offset"));
  EXPECT_EQ(broken.code, ExitCode::rejected);
}

TEST_F(DatasetTest, ClassFoldersAreThoseOfTraining) {
  const std::string picture = png(2, 2, 3, std::vector<uint8_t>(12, 9));
  for (const char *name : {"test/a", "test/c", "train/a", "train/b", "train/c"})
    write(std::string(name) + "/x.png", picture);
  EXPECT_THAT(load("unnamed_image", folder()).problem, HasSubstr("there is no folder for the class 'b' of "));
  write("test/b/x.png", picture);
  write("test/d/x.png", picture);
  EXPECT_THAT(load("unnamed_image", folder()).problem, HasSubstr("the class 'd' has no folder in "));
  std::filesystem::remove_all(path("test/d"));
  EXPECT_EQ(load("unnamed_image", folder()).count, 3);
  std::filesystem::remove_all(path("train"));
  std::filesystem::remove_all(path("test/b"));
  EXPECT_THAT(load("unnamed_image", folder()).problem,
              HasSubstr("2 class folders, but the model has 3 classes"));
}

TEST_F(DatasetTest, AbsenceIsASystemError) {
  const Sampled nothing = load("classes", folder());
  EXPECT_EQ(nothing.code, ExitCode::system);
  EXPECT_THAT(nothing.problem, HasSubstr("no data set for the split 'test'"));
  EXPECT_EQ(load("classes", path("absent")).code, ExitCode::system);
  write("t10k-images-idx3-ubyte", idx({1, 28, 28}, pixels(784)));
  const Sampled no_labels = load("digits", folder());
  EXPECT_EQ(no_labels.code, ExitCode::rejected);
  EXPECT_THAT(no_labels.problem,
              HasSubstr(folder() + ": the data set has no array 'y_test' beside its others"));
}

}  // namespace
}  // namespace sinter::runtime
