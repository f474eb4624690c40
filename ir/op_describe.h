// describe<Op>(): from an op's struct to its table entry. Included by ir/op.h only.
#pragma once

namespace sinter::ir {

template <OpDefinition Op>
OpInfo describe() {
  using Attrs = typename Op::Attrs;
  OpInfo info;
  info.name = Op::name;
  info.doc = Op::doc;
  if constexpr (HasKerasNames<Op>) info.keras = Op::keras;
  if constexpr (requires { Op::losses; }) info.losses = Op::losses;
  if constexpr (requires { Op::metrics; }) info.metrics = Op::metrics;
  for (const std::span<const KerasObjective> objectives : {info.losses, info.metrics})
    for (const KerasObjective &each : objectives) {
      if (!info.keras.empty()) info.keras += ", ";
      info.keras += each.names;
    }
  info.onnx = Op::onnx;
  std::apply(
      [&](const auto &...f) {
        [[maybe_unused]] const Attrs defaults{};
        (info.fields.emplace_back(f.name, f.doc, detail::type_name(defaults.*(f.member)),
                                  detail::to_value(defaults.*(f.member))),
         ...);
      },
      Attrs::fields);
  info.default_attributes = [] { return Attributes(Attrs{}); };
  info.attribute_values = [](const Attributes &attributes) {
    std::vector<AttributeValue> values;
    const Attrs &attrs = attributes.as<Attrs>();
    (void)attrs;
    std::apply([&](const auto &...f) { (values.push_back(detail::to_value(attrs.*(f.member))), ...); },
               Attrs::fields);
    return values;
  };
  info.with_attribute = [](Attributes &attributes, size_t index, const AttributeValue &value) {
    Attrs attrs = attributes.as<Attrs>();
    size_t i = 0;
    bool ok = false;
    (void)index, (void)value, (void)i;
    std::apply(
        [&](const auto &...f) {
          ((i++ == index ? void(ok = detail::from_value(value, attrs.*(f.member))) : void()), ...);
        },
        Attrs::fields);
    if (ok) attributes = Attributes(std::move(attrs));
    return ok;
  };
  info.infer = [](const Attributes &a, Types in, Checker &checker) -> std::optional<std::vector<TensorType>> {
    auto result = Op::infer(a.as<Attrs>(), in, checker);
    if (!result || !checker.ok()) return std::nullopt;
    if constexpr (std::same_as<decltype(result), std::optional<TensorType>>)
      return std::vector<TensorType>{*std::move(result)};
    else
      return result;
  };
  info.lower = [](const Attributes &a, FormBuilder &f) { Op::lower(a.as<Attrs>(), f); };
  info.reference = [](const Attributes &a, ReferenceTensors &t) { Op::reference(a.as<Attrs>(), t); };
  info.examples = &Op::examples;
  if constexpr (requires { Op::identity_in_inference; })
    info.identity_in_inference = Op::identity_in_inference;
  if constexpr (requires { Op::non_negative; }) info.non_negative = Op::non_negative;
  if constexpr (requires { Op::batch_dependent; }) info.batch_dependent = Op::batch_dependent;
  if constexpr (requires { Op::differentiable_inputs; })
    info.differentiable_inputs = Op::differentiable_inputs;
  if constexpr (HasGradient<Op>)
    info.gradient = [](const Attributes &a, GradientBuilder &g) { Op::gradient(a.as<Attrs>(), g); };
  if constexpr (requires { typename Op::Gradient; })
    info.gradient_op = [] { return describe<typename Op::Gradient>(); };
  if constexpr (requires { Op::linear_weight; }) {
    info.linear_weight = Op::linear_weight;
    info.channel_shape = [](const Attributes &a, const TensorType &weight) {
      return Op::channel_shape(a.as<Attrs>(), weight);
    };
  }
  if constexpr (requires { Op::pads_attribute; }) {
    static_assert(
        std::apply([](const auto &...f) { return ((f.name == Op::pads_attribute) || ...); }, Attrs::fields));
    for (size_t i = 0; i < info.fields.size(); ++i)
      if (info.fields[i].name == Op::pads_attribute) info.pads_attribute = static_cast<int>(i);
  }
  if constexpr (requires(TrainingBuilder &t) { Op::training(Attrs{}, t); })
    info.training = [](const Attributes &a, TrainingBuilder &t) { Op::training(a.as<Attrs>(), t); };
  if constexpr (requires(Graph &graph, const std::vector<ValueId> &inputs) {
                  Op::scale_shift(Attrs{}, graph, inputs);
                })
    info.scale_shift = [](const Attributes &a, Graph &graph, const std::vector<ValueId> &inputs) {
      return Op::scale_shift(a.as<Attrs>(), graph, inputs);
    };
  return info;
}

}  // namespace sinter::ir
