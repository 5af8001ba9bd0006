// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/detail/graph/logical_graph.hpp"
#include "millrace/detail/nodes/task_context.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::detail {

/// A value in a table, where the one who found it keeps it.
template <class V>
struct Found {
    const V* value = nullptr;  ///< Null: none. Valid until the same getter is asked again.
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

    /// The value valid at `as_of`, where the table keeps versions; otherwise as get().
    virtual Found<V> get_as_of(const K& key, Timestamp as_of) {
        static_cast<void>(as_of);
        return get(key);
    }
    virtual bool has_versions() const { return false; }
};

/// How to look a table up: through which stores and how.
template <class K, class V>
struct TableView {
    std::vector<std::string> stores{};
    std::function<std::unique_ptr<ValueGetter<K, V>>()> make_getter{};
};

/// The stores of two views, each once, in the order in which Kafka Streams names them.
std::vector<std::string> stores_of_both(const std::vector<std::string>& left,
                                        const std::vector<std::string>& right);

/// What makes a table's changes, as later verbs see it while the program is written.
template <class K, class V>
class TableOrigin {
  public:
    virtual ~TableOrigin() = default;

    /// Asks for old values in changes. False when that would need a store that there is not, and
    /// `force` does not ask for one either.
    virtual bool send_old_values(bool force) = 0;

    /// Makes the table readable, with a store of its own if there is no other way.
    virtual TableView<K, V> view() = 0;

    /// Names of the nodes that must be told of a versioned parent etc.; the state behind the table.
    virtual bool sends_old_values() const = 0;
};

template <class K, class V>
using TableOriginPtr = std::shared_ptr<TableOrigin<K, V>>;

}  // namespace millrace::detail
