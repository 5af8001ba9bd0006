// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/processor/made_by.hpp"
#include "millrace/processor/processor_context.hpp"

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>

namespace millrace {

/// Computes a table's values one by one, with state if necessary. Has the semantics of Kafka
/// Streams' ValueTransformerWithKey.
///
/// One object for each task, and one more for each node that looks up a table without a store. Used
/// by the task's thread. It cannot forward records.
template <class K, class V, class VOut>
class ValueTransformer {
  public:
    using Key = K;
    using ValueIn = V;
    using ValueOut = VOut;

    ValueTransformer() = default;
    ValueTransformer(const ValueTransformer&) = delete;
    ValueTransformer& operator=(const ValueTransformer&) = delete;
    virtual ~ValueTransformer() = default;

    /// Called once, before the first value; stores are ready.
    virtual void init(ProcessingContext& context) { static_cast<void>(context); }

    /// The value of `key` in the result; empty: it has none. `value` is null if the upstream row
    /// was deleted or does not exist.
    virtual std::optional<VOut> transform(const K& key, const V* value) = 0;

    /// Called once, at the end of the task.
    virtual void close() {}
};

/// A function that creates a new transformer of a table K, V: returns a std::unique_ptr to a class
/// derived from ValueTransformer<K, V, ...>.
template <class F, class K, class V>
concept ValueTransformerSupplier =
    std::copy_constructible<F> && std::invocable<F&> &&
    requires { typename detail::MadeBy<F>::ValueOut; } &&
    std::derived_from<detail::MadeBy<F>,
                      ValueTransformer<K, V, typename detail::MadeBy<F>::ValueOut>>;

}  // namespace millrace
