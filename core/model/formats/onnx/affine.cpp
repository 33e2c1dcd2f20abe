// SPDX-License-Identifier: Apache-2.0
#include "affine.hpp"

#include <algorithm>

namespace carousel::loading::onnx {
namespace {

using Operation = ElementwiseOperation;

/// More elements than the matrices of any cell that somebody wrote as a loop.
constexpr std::int64_t kMaxElements = std::int64_t{1} << 24U;
constexpr int kMaxDepth = 1000;

Matrix identity(std::int64_t size) {
  if (size * size > kMaxElements) throw Refusal("has a step of too many units");
  Matrix matrix{size, size, {}};
  matrix.values.assign(static_cast<std::size_t>(size * size), 0.0);
  for (std::int64_t k = 0; k < size; ++k) {
    matrix.values[static_cast<std::size_t>(k * size + k)] = 1.0;
  }
  return matrix;
}

Matrix zeros(std::int64_t rows, std::int64_t columns) {
  return {rows, columns, std::vector<double>(static_cast<std::size_t>(rows * columns), 0.0)};
}

std::vector<double> doubles(const carousel::Tensor& weight) {
  const std::vector<float> values = weight.to_float32();
  return {values.begin(), values.end()};
}

Matrix multiply(const std::vector<double>& weight, std::int64_t rows, const Matrix& b) {
  if (b.is_identity()) return {rows, b.columns, weight};
  Matrix result = zeros(rows, b.columns);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t k = 0; k < b.rows; ++k) {
      const double factor = weight[static_cast<std::size_t>(r * b.rows + k)];
      if (factor == 0.0) continue;
      for (std::int64_t c = 0; c < b.columns; ++c) {
        result.values[static_cast<std::size_t>(r * b.columns + c)] +=
            factor * b.values[static_cast<std::size_t>(k * b.columns + c)];
      }
    }
  }
  return result;
}

void add_to(Affine& sum, const Affine& other, double factor) {
  for (std::size_t k = 0; k < sum.constant.size(); ++k) {
    sum.constant[k] += factor * other.constant[k];
  }
  for (const auto& [flow, matrix] : other.terms) {
    const auto found = sum.terms.try_emplace(flow, zeros(matrix.rows, matrix.columns)).first;
    for (std::size_t k = 0; k < matrix.values.size(); ++k) {
      found->second.values[k] += factor * matrix.values[k];
    }
  }
}

void scale_rows(Affine& form, const std::vector<double>& factors) {
  for (std::size_t r = 0; r < factors.size(); ++r) {
    form.constant[r] *= factors[r];
    for (auto& [flow, matrix] : form.terms) {
      const auto columns = static_cast<std::size_t>(matrix.columns);
      for (std::size_t c = 0; c < columns; ++c) matrix.values[r * columns + c] *= factors[r];
    }
  }
}

}  // namespace

bool Matrix::is_identity() const {
  if (rows != columns) return false;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      if (values[static_cast<std::size_t>(r * columns + c)] != (r == c ? 1.0 : 0.0)) return false;
    }
  }
  return true;
}

const Affine& AffineForms::of(std::size_t flow) {
  const auto known = known_.find(flow);
  if (known != known_.end()) return known->second;
  if (++depth_ > kMaxDepth) throw Refusal("has a step that is nested too deep");
  Affine form = find(flow);
  --depth_;
  return known_.emplace(flow, std::move(form)).first->second;
}

Affine AffineForms::itself(std::size_t flow) const {
  const std::int64_t size = network_[flow].size;
  Affine form{size, {}, std::vector<double>(static_cast<std::size_t>(size), 0.0)};
  form.terms.emplace(flow, identity(size));
  return form;
}

Affine AffineForms::product(const Flow& flow) {
  const auto& spec = std::get<DenseSpec>(flow.layer.spec);
  const Affine& inner = of(flow.parents.front());
  const std::vector<double> weight = doubles(flow.layer.weights.at("weight"));
  Affine form{spec.output_size, {}, {}};
  const Matrix column{inner.size, 1, inner.constant};
  form.constant = multiply(weight, spec.output_size, column).values;
  for (const auto& [source, matrix] : inner.terms) {
    form.terms.emplace(source, multiply(weight, spec.output_size, matrix));
  }
  if (spec.bias) {
    const std::vector<double> bias = doubles(flow.layer.weights.at("bias"));
    for (std::size_t k = 0; k < bias.size(); ++k) form.constant[k] += bias[k];
  }
  return form;
}

Affine AffineForms::moved(const Flow& flow, const RearrangeSpec& spec) {
  const Affine& inner = of(flow.parents.front());
  const std::vector<std::int64_t> positions = positions_of(spec);
  Affine form{static_cast<std::int64_t>(positions.size()), {}, {}};
  for (const std::int64_t at : positions) {
    form.constant.push_back(at < 0 ? static_cast<double>(spec.filler)
                                   : inner.constant[static_cast<std::size_t>(at)]);
  }
  for (const auto& [source, matrix] : inner.terms) {
    Matrix rows{form.size, matrix.columns, {}};
    for (const std::int64_t at : positions) {
      for (std::int64_t c = 0; c < matrix.columns; ++c) {
        rows.values.push_back(
            at < 0 ? 0.0 : matrix.values[static_cast<std::size_t>(at * matrix.columns + c)]);
      }
    }
    form.terms.emplace(source, std::move(rows));
  }
  return form;
}

Affine AffineForms::joined(const Flow& flow) {
  Affine form{flow.size, {}, std::vector<double>(static_cast<std::size_t>(flow.size), 0.0)};
  std::int64_t first = 0;
  for (const std::size_t parent : flow.parents) {
    const Affine& part = of(parent);
    std::ranges::copy(part.constant, form.constant.begin() + first);
    for (const auto& [source, matrix] : part.terms) {
      Matrix& all = form.terms.try_emplace(source, zeros(flow.size, matrix.columns)).first->second;
      std::ranges::copy(matrix.values, all.values.begin() + first * matrix.columns);
    }
    first += part.size;
  }
  return form;
}

Affine AffineForms::operation(std::size_t at, const ElementwiseSpec& spec) {
  const Flow& flow = network_[at];
  const bool sums = spec.operation == Operation::add || spec.operation == Operation::subtract;
  const bool scales =
      spec.operation == Operation::multiply && spec.constant != ElementwiseSpec::Constant::none;
  if (!sums && !scales) return itself(at);
  Affine form = of(flow.parents.front());
  if (scales) {
    scale_rows(form, doubles(flow.layer.weights.at("operand")));
    return form;
  }
  const double sign = spec.operation == Operation::subtract ? -1.0 : 1.0;
  if (spec.constant == ElementwiseSpec::Constant::none) {
    add_to(form, of(flow.parents[1]), sign);
    return form;
  }
  const bool first = spec.constant == ElementwiseSpec::Constant::first;
  const std::vector<double> operand = doubles(flow.layer.weights.at("operand"));
  if (first) scale_rows(form, std::vector<double>(operand.size(), sign));
  for (std::size_t k = 0; k < operand.size(); ++k) {
    form.constant[k] += (first ? 1.0 : sign) * operand[k];
  }
  return form;
}

Affine AffineForms::find(std::size_t at) {
  const Flow& flow = network_[at];
  const bool is_source = std::ranges::find(sources_, at) != sources_.end();
  if (is_source || flow.kind != Flow::Kind::layer) return itself(at);
  if (std::holds_alternative<DenseSpec>(flow.layer.spec)) return product(flow);
  if (std::holds_alternative<ConcatenateSpec>(flow.layer.spec)) return joined(flow);
  if (const auto* spec = std::get_if<RearrangeSpec>(&flow.layer.spec)) return moved(flow, *spec);
  if (const auto* spec = std::get_if<ElementwiseSpec>(&flow.layer.spec)) {
    return operation(at, *spec);
  }
  return itself(at);
}

}  // namespace carousel::loading::onnx
