// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/process.hpp"
#include "millrace/detail/processor/made_by.hpp"
#include "millrace/processor/value_transformer.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace millrace::detail {

/// The part of TableValuesNode that calls a user's transformer; a copy creates its own.
template <class K, class V, class F>
class TableTransformOp {
  public:
    using Transformer = MadeBy<F>;
    using Out = typename Transformer::ValueOut;
    static constexpr bool kIsFilter = false;

    explicit TableTransformOp(F make) : make_(std::move(make)) {}
    TableTransformOp(const TableTransformOp& other) : make_(other.make_) {}
    TableTransformOp& operator=(const TableTransformOp&) = delete;
    TableTransformOp(TableTransformOp&&) noexcept = default;
    TableTransformOp& operator=(TableTransformOp&&) noexcept = delete;
    ~TableTransformOp() = default;

    void init(TaskContext& context, const Node& node) {
        context_ = std::make_unique<NodeContext<ProcessingContext>>(node);
        context_->open(context);
        transformer_ = make_();
        transformer_->init(*context_);
    }

    const Out* operator()(const K& key, const V* value, std::optional<Out>& memory) {
        memory = transformer_->transform(key, value);
        return memory ? &*memory : nullptr;
    }

    void close() { transformer_->close(); }

  private:
    F make_;
    std::unique_ptr<NodeContext<ProcessingContext>> context_;
    std::unique_ptr<Transformer> transformer_;
};

}  // namespace millrace::detail
