// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/core/saturating.hpp"
#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/detail/ops/aggregate_step.hpp"
#include "millrace/detail/ops/final_results.hpp"
#include "millrace/detail/ops/windowed_table.hpp"
#include "millrace/detail/windows/windowed_forms.hpp"
#include "millrace/windows/time_windows.hpp"
#include "millrace/windows/windowed.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

/// Reads the key of a window store in the format of cache and changelog: key, start, sequence
/// number.
template <class K>
struct WindowKeyReader {
    SerdeOf<K> serde{};
    std::chrono::milliseconds size{0};

    void operator()(BytesView bytes, Windowed<K>& out) const {
        constexpr std::size_t kSequenceSize = 4;
        const BytesView key = without_window(bytes, kTimeSize + kSequenceSize);
        serde.deserialize(key, out.key);
        out.window.start = time_at(bytes, key.size());
        out.window.end = saturating_add(out.window.start, size);
    }
};

/// A node's access to the aggregates of its windows.
template <class K, class V>
class WindowTable final : public RowsOfKey<K, V, WindowBytesStore> {
  public:
    using RowsOfKey<K, V, WindowBytesStore>::RowsOfKey;

    /// The aggregate of the key's window, in this object's memory until the next fetch.
    Found<V> fetch(Timestamp window_start) {
        const NullableBytes bytes = this->bytes().fetch(this->key_bytes(), window_start);
        if (!bytes) {
            return {};
        }
        const Timestamp timestamp = read_timestamped(this->serdes().value, *bytes, value_);
        return {&value_, timestamp};
    }

    /// The result of fetch(), to be moved from.
    V& found() noexcept { return value_; }

    /// Null deletes the row.
    void put(Timestamp window_start, const V* value, Timestamp timestamp) {
        if (value == nullptr) {
            this->bytes().put(this->key_bytes(), window_start, std::nullopt);
            return;
        }
        write_timestamped(this->serdes().value, *value, timestamp, value_bytes_);
        this->bytes().put(this->key_bytes(), window_start, BytesView(value_bytes_));
    }

  private:
    Bytes value_bytes_;
    V value_{};
};

/// The aggregates of fixed and sliding windows, and the destination of results.
template <class Key, class Agg>
using WindowResults = WindowedTable<Windowed<Key>, Agg, WindowTable<Key, Agg>, WindowKeyReader<Key>,
                                    FinalResults<Key, Agg>>;

template <class Key, class Agg>
WindowResults<Key, Agg> window_results(EmitStrategy emit,
                                       std::shared_ptr<const TopologyFlags> flags,
                                       std::shared_ptr<const TableState> state,
                                       const TableSerdes<Key, Agg>& serdes,
                                       std::chrono::milliseconds size) {
    const std::string store = state->store;
    return {emit,
            std::move(flags),
            std::move(state),
            WindowTable<Key, Agg>(serdes),
            {serdes.key, size},
            {store, serdes, size}};
}

/// Aggregates a stream by key and fixed window. Null keys are dropped, null values are not. A
/// record is late for a window that ended `grace` before the largest time of this node.
template <class K, class V, class Windows, class Step>
class WindowedAggregateNode final
    : public WindowedNode<K, V, Windowed<Plain<K>>, Windows, Step,
                          WindowResults<Plain<K>, typename Step::Agg>> {
    using Results = WindowResults<Plain<K>, typename Step::Agg>;
    using Base = WindowedNode<K, V, Windowed<Plain<K>>, Windows, Step, Results>;
    using Base::results_;
    using Base::step_;
    using Base::windowed_;
    using Base::windows_;

  public:
    using typename Base::Agg;
    using typename Base::Key;

    WindowedAggregateNode(std::string name, Windows windows, Step step, EmitStrategy emit,
                          std::shared_ptr<const TopologyFlags> flags,
                          std::shared_ptr<const TableState> state, TableSerdes<Key, Agg> serdes)
        : Base(std::move(name), windows, std::move(step),
               window_results(emit, std::move(flags), std::move(state), serdes, windows.size())) {}

    void process(const Record<K, V>& record) override {
        const Key* key = this->key_or_drop(record);
        if (key == nullptr) {
            return;
        }
        const Timestamp close_time = this->advance_stream_time(record.timestamp);
        if (results_.emits_before()) {
            emit_closed(record, close_time);  // Before this record makes the store drop windows.
        }
        results_.table().seek(*key);
        bool copied_key = false;
        windows_.for_each_window(record.timestamp, [&](const Window& window) {
            if (window.end <= close_time) {
                this->context().dropped(*this, "too late for its window");
                return;
            }
            if (!copied_key) {
                windowed_.key = *key;
                copied_key = true;
            }
            windowed_.window = window;
            update(record);
        });
        if (results_.emits_after()) {
            emit_closed(record, close_time);
        }
    }

  private:
    void update(const Record<K, V>& record) {
        const Timestamp start = windowed_.window.start;
        const Found<Agg> old = results_.table().fetch(start);
        const Timestamp timestamp =
            old.value != nullptr ? std::max(record.timestamp, old.timestamp) : record.timestamp;
        before_.reset();
        const typename Step::Result result =
            step_(windowed_.key, old.value != nullptr ? &results_.table().found() : nullptr,
                  record.value, results_.needs_old_value() ? &before_ : nullptr);
        const Agg* new_value = plain_or_null(result);
        results_.table().put(start, new_value, timestamp);
        results_.forward(windowed_, new_value, before_ ? &*before_ : nullptr, timestamp,
                         record.headers);
    }

    void emit_closed(const Record<K, V>& record, Timestamp close_time) {
        if constexpr (std::same_as<Windows, TimeWindows>) {
            if (!results_.final_results().is_due(close_time)) {
                return;
            }
            const Timestamp last = close_time - windows_.size();
            if (last < Timestamp{}) {
                return;
            }
            Timestamp first{};
            if (results_.final_results().last_close() != kNoTimestamp) {
                const Timestamp seen =
                    std::max(Timestamp{}, results_.final_results().last_close() - windows_.size());
                if (newest_start(last) == newest_start(seen)) {
                    return;  // No further window has closed.
                }
                first = seen + std::chrono::milliseconds(1);
            }
            results_.final_results().emit(close_time, first, last, record.headers);
        }
    }

    // Start of the newest window that contains `time`.
    std::int64_t newest_start(Timestamp time) const {
        return milliseconds_of(time) / windows_.advance().count();
    }

    std::optional<Agg> before_;
};

/// Looks up the windows of a windowed aggregate.
template <class K, class V>
class WindowGetter final : public ValueGetter<Windowed<K>, V> {
  public:
    WindowGetter(std::string store, TableSerdes<K, V> serdes)
        : name_(std::move(store)), table_(std::move(serdes)) {}

    void init(TaskContext& context, const Node& user) override {
        table_.open(context, user, name_);
    }
    Found<V> get(const Windowed<K>& key) override {
        table_.seek(key.key);
        return table_.fetch(key.window.start);
    }

  private:
    std::string name_;
    WindowTable<K, V> table_;
};

template <class K, class V>
using WindowOrigin = WindowedOrigin<Windowed<K>, K, V, WindowGetter<K, V>>;

}  // namespace millrace::detail
