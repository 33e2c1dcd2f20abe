// SPDX-License-Identifier: Apache-2.0
#include "states.hpp"

#include "arrays.hpp"
#include "errors.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace carousel::python {
namespace {

bool is_pytorch_state(std::string_view name) {
  return name == "h" || name == "c" || name == "h_reverse" || name == "c_reverse";
}

StateForm form_of(Stream& stream) {
  const auto all = stream.states();
  if (all.empty()) return StateForm::none;
  const auto usual = [](const NamedState& state) { return is_pytorch_state(state.name); };
  if (!std::ranges::all_of(all, usual)) return StateForm::named;
  try {
    return stream.state().c.steps > 0 ? StateForm::h_and_c : StateForm::h;
  } catch (const Error&) {  // the layers differ in size
    return StateForm::named;
  }
}

std::size_t row_bytes(const SequenceView<float>& view) {
  return static_cast<std::size_t>(view.features) * sizeof(float);
}

Shape shape_of(const SequenceView<float>& view, bool batched) {
  return batched ? Shape{view.steps, view.batch, view.features} : Shape{view.steps, view.features};
}

Shape named_shape(const SequenceView<float>& view, bool batched) {
  return batched ? Shape{view.batch, view.features} : Shape{view.features};
}

py::array_t<float> copy_of(const SequenceView<float>& view, const Shape& shape) {
  py::array_t<float> array = new_floats(shape);
  float* to = array.mutable_data();
  for (std::int64_t k = 0; k < view.steps; ++k) {
    for (std::int64_t b = 0; b < view.batch; ++b, to += view.features) {
      std::memcpy(to, view.row(k, b), row_bytes(view));
    }
  }
  return array;
}

/// An array of that shape, dense.
py::array checked(py::handle object, const Shape& shape, std::string_view name) {
  const py::array given = as_array(object);
  if (!(Shape::of(given) == shape)) {
    refuse(std::string(name) + ": is " + text_of(given) + "; expected the shape " + text_of(shape));
  }
  return dense_array(given, false, name);
}

/// What is to become of a state, looked at before anything is changed.
struct NewState {
  SequenceView<float> view;
  py::array values;

  NewState(const SequenceView<float>& of, py::handle object, const Shape& shape,
           std::string_view name)
      : view(of), values(checked(object, shape, name)) {}

  void apply() const {
    const auto* from = static_cast<const float*>(values.data());
    for (std::int64_t k = 0; k < view.steps; ++k) {
      for (std::int64_t b = 0; b < view.batch; ++b, from += view.features) {
        std::memcpy(view.row(k, b), from, row_bytes(view));
      }
    }
  }
};

py::array_t<float> view_of(const SequenceView<float>& view, const py::object& owner) {
  constexpr auto kFloat = static_cast<py::ssize_t>(sizeof(float));
  const Shape strides{view.step_stride * kFloat, view.batch_stride * kFloat, kFloat};
  return {shape_of(view, true), strides, view.data, owner};
}

/// [batch, size]
py::array_t<float> named_view(const SequenceView<float>& view, const py::object& owner) {
  constexpr auto kFloat = static_cast<py::ssize_t>(sizeof(float));
  const Shape strides{view.batch_stride * kFloat, kFloat};
  return {named_shape(view, true), strides, view.data, owner};
}

/// The two arrays of an LSTM's state.
py::tuple pair_of(py::handle given) {
  const bool sequence = py::isinstance<py::tuple>(given) || py::isinstance<py::list>(given);
  if (!sequence || py::len(given) != 2) refuse("state: expected (h_0, c_0)");
  return py::reinterpret_borrow<py::object>(given);
}

}  // namespace

States states_of(const Network& network) {
  Stream stream = network.stream({.batch = 1, .max_steps = 1});
  States states{.form = form_of(stream), .names = {}};
  for (const NamedState& state : stream.states()) {
    const auto layer = static_cast<std::size_t>(state.layer);
    states.names.push_back(network.layers()[layer].name + ":" + std::string(state.name));
  }
  return states;
}

StreamStates states_in(const States& about, Stream& stream) {
  const bool pytorch = about.form == StateForm::h || about.form == StateForm::h_and_c;
  return {
      .about = &about, .pytorch = pytorch ? stream.state() : StateView{}, .named = stream.states()};
}

py::object copy_of_states(const StreamStates& states, bool batched) {
  const StateForm form = states.about->form;
  if (form == StateForm::none) return py::none();
  if (form == StateForm::named) return named_copies(states, batched);
  const StateView& state = states.pytorch;
  py::array_t<float> h = copy_of(state.h, shape_of(state.h, batched));
  if (form == StateForm::h) return h;
  return py::make_tuple(std::move(h), copy_of(state.c, shape_of(state.c, batched)));
}

void set_states(const StreamStates& states, py::handle given, bool batched) {
  if (given.is_none()) return;
  const StateForm form = states.about->form;
  if (form == StateForm::none) refuse("state: this network has none");
  if (py::isinstance<py::dict>(given)) {
    return set_named(states, py::reinterpret_borrow<py::dict>(given), batched);
  }
  if (form == StateForm::named) {
    refuse("state: the layers of this network differ; give a dict with arrays by name");
  }
  const StateView& state = states.pytorch;
  if (form == StateForm::h) {
    return NewState(state.h, given, shape_of(state.h, batched), "state h_0").apply();
  }
  const py::tuple both = pair_of(given);
  const NewState h(state.h, both[0], shape_of(state.h, batched), "state h_0");
  const NewState c(state.c, both[1], shape_of(state.c, batched), "state c_0");
  h.apply();
  c.apply();
}

py::dict named_copies(const StreamStates& states, bool batched) {
  py::dict all;
  for (std::size_t k = 0; k < states.named.size(); ++k) {
    const SequenceView<float>& values = states.named[k].values;
    all[py::str(states.about->names[k])] = copy_of(values, named_shape(values, batched));
  }
  return all;
}

void set_named(const StreamStates& states, const py::dict& given, bool batched) {
  const std::vector<std::string>& names = states.about->names;
  std::vector<NewState> all;
  for (const auto& [key, value] : given) {
    const auto name = py::str(key).cast<std::string>();
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      std::string known;
      for (const std::string& one : names) known += (known.empty() ? "" : ", ") + one;
      refuse("state: there is no '" + name + "'; there are " + known);
    }
    const auto k = static_cast<std::size_t>(found - names.begin());
    const SequenceView<float>& values = states.named[k].values;
    all.emplace_back(values, value, named_shape(values, batched), "state " + name);
  }
  for (const NewState& one : all) one.apply();
}

py::dict named_views(const StreamStates& states, const py::object& owner) {
  py::dict all;
  for (std::size_t k = 0; k < states.named.size(); ++k) {
    all[py::str(states.about->names[k])] = named_view(states.named[k].values, owner);
  }
  return all;
}

py::object pytorch_views(const StreamStates& states, const py::object& owner) {
  const StateForm form = states.about->form;
  if (form == StateForm::none) return py::none();
  if (form == StateForm::named) return named_views(states, owner);
  py::object h = view_of(states.pytorch.h, owner);
  if (form == StateForm::h) return h;
  return py::make_tuple(h, view_of(states.pytorch.c, owner));
}

}  // namespace carousel::python
