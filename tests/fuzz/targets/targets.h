// Readers of untrusted input, each as a function of bytes. None may crash, hang, take memory without bound or
// fail without a message; a broken promise ends the process. libFuzzer drives them (engine/), and the tests run
// all seeds and past findings through them (replay/).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::fuzz {

void script(std::string_view bytes);       // Keras scripts: lexer, parser, evaluator, import
void json(std::string_view bytes);         // model_config: parser, reader, import, summary
void hdf5(std::string_view bytes);         // HDF5 files: all objects, Keras's weights
void zip(std::string_view bytes);          // archives: all members; .keras
void npz(std::string_view bytes);          // archives of arrays
void safetensors(std::string_view bytes);  // tensors
void checkpoint(std::string_view bytes);   // .sinter
void idx(std::string_view bytes);          // MNIST's files, also compressed
void cifar(std::string_view bytes);        // records, and the pickles of Python
void image(std::string_view bytes);        // PNG and JPEG
void graph(std::string_view bytes);        // .graph text
void kernel(std::string_view bytes);       // Kernel IR text

struct Target {
  const char *name;
  void (*run)(std::string_view bytes);
};
std::span<const Target> all_targets();

// Small valid inputs of a target, written by Sinter's own writers or by hand.
std::vector<std::string> seeds(std::string_view target);

}  // namespace sinter::fuzz
