// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/logical_graph.hpp"
#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/table.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/windows/sliding_windows.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace millrace::detail {

/// A node's access to a window or session store: one key at a time, which is serialised once.
template <class K, class V, class BytesStore>
class RowsOfKey {
  public:
    explicit RowsOfKey(TableSerdes<K, V> serdes) : serdes_(std::move(serdes)) {}

    void open(TaskContext& context, const Node& node, const std::string& name) {
        store_ = &open_store<BytesStore>(context, node, name);
    }

    void seek(const K& key) { serdes_.key.serialize_behind(0, key, key_bytes_); }

    BytesStore& bytes() const noexcept { return *store_; }
    BytesView key_bytes() const noexcept { return key_bytes_; }
    const TableSerdes<K, V>& serdes() const noexcept { return serdes_; }

  protected:
    ~RowsOfKey() = default;

  private:
    TableSerdes<K, V> serdes_;
    BytesStore* store_ = nullptr;
    Bytes key_bytes_;
};

/// The common part of the nodes that aggregate by window: the table, and the destination of
/// results. Results are forwarded as changes; or, on window close, `Final` sends each once.
template <class WindowedKey, class Agg, class Table, class KeyReader, class Final>
class WindowedTable {
  public:
    WindowedTable(EmitStrategy emit, std::shared_ptr<const TopologyFlags> flags,
                  std::shared_ptr<const TableState> state, Table table, KeyReader read_key,
                  Final final_results)
        : on_close_(emit == EmitStrategy::kOnWindowClose),
          flags_(std::move(flags)),
          state_(std::move(state)),
          table_(std::move(table)),
          forwarder_(std::move(read_key), table_.serdes().value),
          final_(std::move(final_results)) {}

    void open(TaskContext& context, const Node& node,
              const Output<WindowedKey, Change<Agg>>& output) {
        table_.open(context, node, state_->store);
        if (on_close_) {
            final_.open(context, table_.bytes(), output, flags_->reproduce_kafka_defects);
        } else {
            forwarder_.open(context, node, output, table_.bytes(), state_->send_old_values);
        }
    }

    /// Whether closed windows are sent before a record is aggregated, so that it cannot make the
    /// store drop them, or after it, as Kafka Streams does.
    bool emits_before() const noexcept { return on_close_ && !flags_->reproduce_kafka_defects; }
    bool emits_after() const noexcept { return on_close_ && flags_->reproduce_kafka_defects; }

    /// Whether forward() needs the old value.
    bool needs_old_value() const noexcept {
        return state_->send_old_values && !forwarder_.cached();
    }

    void forward(const WindowedKey& key, const Agg* new_value, const Agg* old_value,
                 Timestamp timestamp, const Headers& headers) const {
        if (!on_close_) {
            forwarder_.forward(key, new_value, old_value, true, timestamp, headers);
        }
    }

    Table& table() noexcept { return table_; }
    Final& final_results() noexcept { return final_; }

  private:
    bool on_close_;
    std::shared_ptr<const TopologyFlags> flags_;
    std::shared_ptr<const TableState> state_;
    Table table_;
    ChangeForwarder<WindowedKey, Agg, KeyReader> forwarder_;
    Final final_;
};

/// The base of these nodes: drops records without a key, and keeps the largest time. `Results` is a
/// WindowedTable.
template <class K, class V, class WindowedKey, class Windows, class Step, class Results>
class WindowedNode : public TypedNode<K, V, WindowedKey, Change<typename Step::Agg>> {
  public:
    using Key = Plain<K>;
    using Agg = typename Step::Agg;

    void init(TaskContext& context) final {
        Node::init(context);
        results_.open(context, *this, this->output());
    }

  protected:
    WindowedNode(std::string name, Windows windows, Step step, Results results)
        : TypedNode<K, V, WindowedKey, Change<Agg>>(std::move(name)),
          windows_(windows),
          step_(std::move(step)),
          results_(std::move(results)) {}
    ~WindowedNode() override = default;

    /// The latest time of a record, minus the grace of the windows.
    Timestamp advance_stream_time(Timestamp record_time) {
        stream_time_ = std::max(stream_time_, record_time);
        return stream_time_ - windows_.grace();
    }

    Windows windows_;
    Step step_;
    Results results_;
    WindowedKey windowed_;  ///< Of the current record.

  private:
    Timestamp stream_time_ = kNoTimestamp;
};

/// The table of such a node's store. `Getter` looks rows up.
template <class WindowedKey, class K, class V, class Getter>
class WindowedOrigin final : public TableOrigin<WindowedKey, V> {
  public:
    WindowedOrigin(std::shared_ptr<TableState> state, TableSerdes<K, V> serdes)
        : state_(std::move(state)), serdes_(std::move(serdes)) {}

    bool send_old_values(bool) override { return state_->send_old_values = true; }
    TableView<WindowedKey, V> view() override {
        return {{state_->store}, [store = state_->store, serdes = serdes_] {
                    return std::unique_ptr<ValueGetter<WindowedKey, V>>(new Getter(store, serdes));
                }};
    }

  private:
    std::shared_ptr<TableState> state_;
    TableSerdes<K, V> serdes_;
};

}  // namespace millrace::detail
