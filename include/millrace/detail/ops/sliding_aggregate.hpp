// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/ops/windowed_aggregate.hpp"
#include "millrace/detail/windows/unrepresentable_window.hpp"
#include "millrace/windows/sliding_windows.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::detail {

/// Aggregates a stream by key and sliding window. Null keys and null values are dropped.
///
/// A window is stored when it contains a record: for a record at t with difference d, [t-d, t] and,
/// when it contains a record, [t+1, t+1+d]. The time of a stored window is that of its latest
/// record, which shows whether a window to its right would be empty.
template <class K, class V, class Step>
class SlidingAggregateNode final
    : public WindowedNode<K, V, Windowed<Plain<K>>, SlidingWindows, Step,
                          WindowResults<Plain<K>, typename Step::Agg>> {
    using Results = WindowResults<Plain<K>, typename Step::Agg>;
    using Base = WindowedNode<K, V, Windowed<Plain<K>>, SlidingWindows, Step, Results>;
    using Base::results_;
    using Base::step_;
    using Base::windowed_;
    using Base::windows_;

  public:
    using typename Base::Agg;
    using typename Base::Key;
    using Value = Plain<V>;

    SlidingAggregateNode(std::string name, SlidingWindows windows, Step step, EmitStrategy emit,
                         std::shared_ptr<const TopologyFlags> flags,
                         std::shared_ptr<const TableState> state, TableSerdes<Key, Agg> serdes)
        : Base(std::move(name), windows, std::move(step),
               window_results(emit, std::move(flags), std::move(state), serdes, windows.size())) {}

    void process(const Record<K, V>& record) override {
        const Key* key = this->key_or_drop(record);
        const Value* value = key != nullptr ? this->value_or_drop(record) : nullptr;
        if (value == nullptr) {
            return;
        }
        if (difference().count() == 0) {
            throw Error(ErrorKind::kInvalidArgument,
                        "sliding windows with a difference of 0 ms are empty: " + this->name());
        }
        close_time_ = this->advance_stream_time(record.timestamp);
        if (saturating_add(record.timestamp, difference()) < close_time_) {
            this->context().dropped(*this, "too late for its windows");
            return;
        }
        if (results_.emits_before()) {
            emit_closed(record);  // Before this record makes the store drop closed windows.
        }
        // Both windows must be representable: [t - d, t] and [t + 1, t + 1 + d].
        if (record.timestamp > kEndOfTime - kOne - difference()) [[unlikely]] {
            refuse_window(record.timestamp, difference());
        }
        at_ = record.timestamp;
        windowed_.key = *key;
        results_.table().seek(*key);
        const Cause cause{*value, record.headers};
        if (at_.time_since_epoch() < difference()) {
            process_early(cause);
            return;
        }
        process_reverse(cause);
        if (results_.emits_after()) {
            emit_closed(record);
        }
    }

  private:
    struct Cause {
        const Value& value;
        const Headers& headers;
    };

    /// A stored window.
    struct Row {
        Timestamp start{};
        Timestamp latest{};  ///< Time of the latest record in it.
        Agg value{};
    };

    std::chrono::milliseconds difference() const { return windows_.difference(); }
    static constexpr std::chrono::milliseconds kOne{1};

    std::vector<Row> rows(Timestamp from, Timestamp to, RowOrder order) {
        std::vector<Row> found;
        for (const auto row =
                 results_.table().bytes().fetch(results_.table().key_bytes(), from, to, order);
             row->valid(); row->next()) {
            Row& next = found.emplace_back();
            next.start = row->window_start();
            next.latest =
                read_timestamped(results_.table().serdes().value, row->value(), next.value);
        }
        return found;
    }

    // The windows around the record, latest first.
    void process_reverse(const Cause& cause) {
        const Timestamp from = std::max(Timestamp{}, at_ - 2 * difference());
        std::vector<Row> around = rows(from, at_ + kOne, RowOrder::kReverse);
        std::vector<Timestamp> starts;
        std::optional<Row> left;
        std::optional<Row> right;
        bool left_exists = false;
        bool right_exists = false;
        std::optional<Timestamp> previous;
        for (Row& row : around) {
            starts.push_back(row.start);
            const Timestamp end = row.start + difference();
            if (row.start == at_ + kOne) {
                right_exists = true;
            } else if (end > at_) {
                if (!right) {
                    right = row;
                }
                update(cause, row.start, &row);
            } else if (end == at_) {
                left_exists = true;
                const Timestamp latest = row.latest;
                update(cause, row.start, &row);
                if (latest >= at_) {
                    return;
                }
                previous = latest;
            } else {
                previous = row.latest;
                left = std::move(row);
                break;
            }
        }
        if (previous && !contains(starts, *previous + kOne) &&
            *previous + kOne + difference() >= at_) {
            update(cause, *previous + kOne, nullptr);
        }
        if (!left_exists) {
            const bool holds_previous = previous && at_ - difference() <= *previous && left;
            if (holds_previous) {
                left->latest = at_;
            }
            update(cause, at_ - difference(), holds_previous ? &*left : nullptr);
        }
        if (!right_exists && right && right->latest > at_) {
            create_right(cause, *right);
        }
    }

    // Before the first full window: all windows that would start before the epoch are one.
    void process_early(const Cause& cause) {
        std::vector<Row> known = rows(Timestamp{}, at_ + kOne, RowOrder::kForward);
        std::vector<Timestamp> starts;
        Row* combined = nullptr;
        std::optional<Row> right;
        bool right_exists = false;
        std::optional<Timestamp> previous;
        for (Row& row : known) {
            starts.push_back(row.start);
            if (row.start == Timestamp{}) {
                combined = &row;
                if (row.latest < at_) {
                    previous = row.latest;
                }
            } else if (row.start <= at_) {
                right = row;
                update(cause, row.start, &row);
            } else {
                right_exists = true;
            }
        }
        if (!right && combined != nullptr && combined->latest > at_) {
            right = *combined;
        }
        if (!right_exists && right && right->latest > at_) {
            create_right(cause, *right);
        }
        if (previous && !contains(starts, *previous + kOne)) {
            update(cause, *previous + kOne, nullptr);
        }
        update(cause, Timestamp{}, combined);
    }

    static bool contains(const std::vector<Timestamp>& starts, Timestamp start) {
        return std::find(starts.begin(), starts.end(), start) != starts.end();
    }

    // Adds the record to the window; null: it is new.
    void update(const Cause& cause, Timestamp start, Row* row) {
        windowed_.window = {start, start + difference()};
        if (windowed_.window.end < close_time_) {
            this->context().dropped(*this, "too late for its window");
            return;
        }
        std::optional<Agg> before;
        const Timestamp timestamp = row != nullptr ? std::max(at_, row->latest) : at_;
        const typename Step::Result result =
            step_(windowed_.key, row != nullptr ? &row->value : nullptr, cause.value,
                  results_.needs_old_value() ? &before : nullptr);
        const Agg* new_value = plain_or_null(result);
        results_.table().put(start, new_value, timestamp);
        results_.forward(windowed_, new_value, before ? &*before : nullptr, timestamp,
                         cause.headers);
    }

    // The window right of the record contains the records of the window right of it, without the
    // record.
    void create_right(const Cause& cause, const Row& right) {
        windowed_.window = {at_ + kOne, at_ + kOne + difference()};
        results_.table().put(windowed_.window.start, &right.value, right.latest);
        results_.forward(windowed_, &right.value, nullptr, right.latest, cause.headers);
    }

    // Ends are inclusive: a window has closed if its end is before the close time.
    void emit_closed(const Record<K, V>& record) {
        if (!results_.final_results().is_due(close_time_)) {
            return;
        }
        const Timestamp last = close_time_ - difference() - kOne;
        if (last < Timestamp{}) {
            return;
        }
        const Timestamp first =
            results_.final_results().last_close() == kNoTimestamp
                ? Timestamp{}
                : std::max(Timestamp{}, results_.final_results().last_close() - difference());
        results_.final_results().emit(close_time_, first, last, record.headers);
    }

    Timestamp close_time_ = kNoTimestamp;
    Timestamp at_{};  ///< Time of the current record.
};

}  // namespace millrace::detail
