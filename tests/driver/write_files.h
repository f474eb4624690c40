// Model files of any content.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sinter::test {

// A zip archive of stored members.
void write_archive(const std::string &path, const std::vector<std::pair<std::string, std::string>> &members);
// A Keras .h5 file without weights; an empty text is left out.
void write_model_file(const std::string &path, const std::string &model_config,
                      const std::string &training_config);

}  // namespace sinter::test
