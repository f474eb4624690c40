#include "formats/weights/match_weights.h"

#include <algorithm>
#include <map>

#include "formats/hdf5/keras_files.h"
#include "formats/text.h"

namespace sinter {
namespace {

// A layer (or a model within the model), its name in the file, and its weights there.
struct WeightPair {
  std::string key;
  const WeightGroup *group;
  const StoredLayer *source = nullptr;
};

std::string listed(std::vector<std::string> names) {
  constexpr size_t shown = 8;
  const size_t more = names.size() > shown ? names.size() - shown : 0;
  names.resize(names.size() - more);
  return joined(names) + (more ? format(" and %zu more", more) : "");
}

// Keras 3 numbers the layers of each class in the order of model.layers, where a Sequential model's InputLayer is not:
// "conv2d_1", in an inner model "functional/conv2d_1".
void add_class_keys(const std::vector<WeightGroup> &groups, const std::string &prefix,
                    std::vector<WeightPair> &keys) {
  std::map<std::string, int> counts;
  for (const WeightGroup &group : groups) {
    if (group.class_name == "InputLayer") continue;
    const std::string key = prefix + numbered_class(group.class_name, counts);
    if (!group.members.empty())
      add_class_keys(group.members, key + "/", keys);
    else if (!group.variables.empty())
      keys.push_back({key, &group});
  }
}

// "block/conv2d_1/kernel:0" and "conv2d_1/kernel" -> "conv2d_1/kernel": the last two parts.
std::string last_parts(const std::string &full) {
  const std::string name = full.substr(0, full.rfind(':'));
  const size_t last = name.rfind('/');
  const size_t before =
      last == std::string::npos || last == 0 ? std::string::npos : name.rfind('/', last - 1);
  return before == std::string::npos ? name : name.substr(before + 1);
}

// For each weight of the group, which one of the file's it is. Of an inner model by names where they all fit, as which
// ones are trainable changes Keras's order; else in order.
std::vector<size_t> order_of(const WeightGroup &group, const StoredLayer &source) {
  std::vector<size_t> in_order(group.variables.size()), by_name;
  for (size_t i = 0; i < in_order.size(); ++i) in_order[i] = i;
  if (group.members.empty()) return in_order;
  std::map<std::string, size_t> names;
  for (size_t i = 0; i < source.weights.size(); ++i) names.emplace(last_parts(source.weights[i].name), i);
  if (names.size() != in_order.size()) return in_order;
  for (const std::string &name : group.names) {
    const auto found = names.find(last_parts(name));
    if (found == names.end()) return in_order;
    by_name.push_back(found->second);
    names.erase(found);
  }
  return by_name;
}

class Matcher {
 public:
  Matcher(const StoredWeights &weights, std::span<const WantedWeight> wanted, std::vector<Error> &problems)
      : weights_(weights), wanted_(wanted), problems_(problems) {
    for (const StoredLayer &layer : weights.layers) layers_.emplace(layer.layer, &layer);
  }

  std::vector<WeightMatch> by_name();
  std::vector<WeightMatch> by_groups(std::span<const std::vector<WeightGroup>> groupings);

 private:
  std::vector<WeightPair> pairs_of(const std::vector<WeightGroup> &groups) const;
  static bool is_whole(const std::vector<WeightPair> &pairs) {
    return std::ranges::all_of(pairs, [](const WeightPair &pair) { return pair.source != nullptr; });
  }
  void match(const WeightPair &pair, std::vector<WeightMatch> &matches);
  void fail(std::string message, std::string hint, std::string place = {}) {
    problems_.push_back(rejected(weights_.file, std::move(message), std::move(hint)));
    problems_.back().place = std::move(place);
  }

  const StoredWeights &weights_;
  std::map<std::string, const StoredLayer *> layers_;
  std::span<const WantedWeight> wanted_;
  std::vector<Error> &problems_;
};

std::vector<WeightMatch> Matcher::by_name() {
  std::map<std::string, const StoredWeight *> names;
  for (const StoredLayer &layer : weights_.layers)
    for (const StoredWeight &weight : layer.weights)
      names.emplace(weights_.full_name(layer, weight), &weight);
  std::vector<WeightMatch> matches;
  for (const WantedWeight &wanted : wanted_) {
    const auto found = names.find(wanted.name);
    if (found == names.end())
      fail("no weight '" + printable(wanted.name) + "', which the model has",
           "the file is of another model, or its layers have other names");
    else if (found->second->data.dims != wanted.dims)
      fail("'" + printable(wanted.name) + "' is " + shape_text(found->second->data.dims) + ", the model's " +
               shape_text(wanted.dims),
           "");
    else
      matches.push_back({wanted.variable, found->second});
  }
  return matches;
}

std::vector<WeightPair> Matcher::pairs_of(const std::vector<WeightGroup> &groups) const {
  std::vector<WeightPair> pairs;
  if (weights_.naming == Naming::by_class) {
    add_class_keys(groups, "", pairs);
  } else {
    for (const WeightGroup &group : groups)
      if (!group.variables.empty()) pairs.push_back({group.name, &group});
  }
  for (WeightPair &pair : pairs)
    if (const auto found = layers_.find(pair.key); found != layers_.end()) pair.source = found->second;
  return pairs;
}

void Matcher::match(const WeightPair &pair, std::vector<WeightMatch> &matches) {
  const WeightGroup &group = *pair.group;
  const StoredLayer &source = *pair.source;
  const std::string layer = "layer '" + printable(group.name) + "' (" + printable(group.class_name) + ")";
  if (group.variables.size() != source.weights.size())
    return fail(layer + format(" has %zu weights, but the file's '%s' has %zu", group.variables.size(),
                               printable(source.layer).c_str(), source.weights.size()),
                "", source.layer);
  const std::vector<size_t> order = order_of(group, source);
  for (size_t i = 0; i < order.size(); ++i) {
    const auto wanted = std::ranges::find(wanted_, group.variables[i], &WantedWeight::variable);
    if (wanted == wanted_.end()) continue;
    const StoredWeight &weight = source.weights[order[i]];
    if (weight.data.dims == wanted->dims)
      matches.push_back({wanted->variable, &weight});
    else
      fail(layer + ": " + printable(wanted->name) + " has the shape " + shape_text(wanted->dims) +
               ", but the file's '" + printable(weight.name) + "' has " + shape_text(weight.data.dims),
           "", source.layer);
  }
}

std::vector<WeightMatch> Matcher::by_groups(std::span<const std::vector<WeightGroup>> groupings) {
  std::vector<WeightPair> pairs = pairs_of(groupings[0]);
  for (size_t i = 1; i < groupings.size() && !is_whole(pairs); ++i)
    if (std::vector<WeightPair> others = pairs_of(groupings[i]); is_whole(others)) pairs = std::move(others);
  std::vector<WeightMatch> matches;
  if (!is_whole(pairs) && (weights_.naming == Naming::by_class || pairs.size() != weights_.layers.size())) {
    std::vector<std::string> missing, present;
    for (const WeightPair &pair : pairs)
      if (!pair.source) missing.push_back(printable(pair.key));
    for (const StoredLayer &layer : weights_.layers) present.push_back(printable(layer.layer));
    fail(format("the model has %zu layers with weights, the file %zu, and the file lacks %s", pairs.size(),
                weights_.layers.size(), listed(missing).c_str()),
         "layers of the file: " + (present.empty() ? "none" : listed(present)));
    return matches;
  }
  if (!is_whole(pairs))
    for (size_t i = 0; i < pairs.size(); ++i) pairs[i].source = &weights_.layers[i];
  for (const WeightPair &pair : pairs) match(pair, matches);
  return matches;
}

}  // namespace

std::optional<std::vector<WeightMatch>> match_weights(const StoredWeights &weights,
                                                      std::span<const std::vector<WeightGroup>> groupings,
                                                      std::span<const WantedWeight> wanted,
                                                      std::vector<Error> &problems) {
  const size_t before = problems.size();
  const bool has_groups = !groupings.empty() && !groupings[0].empty();
  if (weights.naming == Naming::by_class && !has_groups)
    problems.push_back(
        rejected(weights.file, "the file names weights by class and number only, and the model has no layers",
                 "give a file that names them, as .npz"));
  Matcher matcher(weights, wanted, problems);
  std::vector<WeightMatch> matches =
      weights.naming == Naming::by_variable || !has_groups ? matcher.by_name() : matcher.by_groups(groupings);
  return problems.size() == before ? std::optional(std::move(matches)) : std::nullopt;
}

}  // namespace sinter
