// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/detail/core/factory.hpp"
#include "millrace/detail/graph/logical_graph.hpp"
#include "millrace/detail/nodes/task_context.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::detail {

/// A value in a table; the getter that found it owns the value.
template <class V>
struct Found {
    const V* value = nullptr;  ///< Null: none. Valid until the next call of the same getter.
    Timestamp timestamp = kNoTimestamp;
};

/// Looks up a table's values from another node of the same task. Owned by that node.
template <class K, class V>
class ValueGetter {
  public:
    virtual ~ValueGetter() = default;

    /// `user` is connected to the stores of the view.
    virtual void init(TaskContext& context, const Node& user) = 0;

    virtual Found<V> get(const K& key) = 0;

    /// The value valid at `as_of`, if the table keeps versions; otherwise like get().
    virtual Found<V> get_as_of(const K& key, Timestamp as_of) {
        static_cast<void>(as_of);
        return get(key);
    }
    virtual bool has_versions() const { return false; }
};

/// How to look a table up: its stores and its getter.
template <class K, class V>
struct TableView {
    std::vector<std::string> stores{};
    Factory<ValueGetter<K, V>> make_getter{};
};

/// The stores of two views, each once, in the order of names in Kafka Streams.
std::vector<std::string> stores_of_both(const std::vector<std::string>& left,
                                        const std::vector<std::string>& right);

/// The producer of a table's changes, as later verbs see it while the topology is defined.
template <class K, class V>
class TableOrigin {
  public:
    virtual ~TableOrigin() = default;

    /// Requests old values in changes. False if that would need a store that does not exist, and
    /// `force` does not request one.
    virtual bool send_old_values(bool force) = 0;

    /// Makes the table readable, with its own store if necessary.
    virtual TableView<K, V> view() = 0;
};

template <class K, class V>
using TableOriginPtr = std::shared_ptr<TableOrigin<K, V>>;

}  // namespace millrace::detail
