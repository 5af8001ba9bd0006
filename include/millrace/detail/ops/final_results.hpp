// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/core/saturating.hpp"
#include "millrace/detail/nodes/change.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/windows/windowed.hpp"

#include <chrono>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace::detail {

/// The minimum interval between searches for closed windows, as in Kafka Streams.
std::chrono::milliseconds final_emit_interval(const TaskContext& context);

/// The progress of a node that sends results on window close. Stored in the task's committed
/// metadata under the name of the store.
class CloseClock {
  public:
    explicit CloseClock(std::string store) : store_(std::move(store)) {}

    void open(TaskContext& context, bool throttled) {
        context_ = &context;
        last_ = context.processor_time(store_);
        interval_ = throttled ? final_emit_interval(context) : std::chrono::milliseconds(0);
    }

    /// The close time up to which windows were emitted; kNoTimestamp before the first.
    Timestamp last() const noexcept { return last_; }

    /// True if closed windows should be searched at `close_time`.
    bool is_due(Timestamp close_time) {
        // Otherwise the wall clock, which may be set back, has no influence on the results.
        if (interval_ > std::chrono::milliseconds(0)) {
            const Timestamp now = context_->wall_clock();
            if (now < next_) {
                return false;
            }
            next_ = now + interval_;
        }
        return last_ < close_time;
    }

    void emitted(Timestamp close_time) {
        last_ = close_time;
        context_->set_processor_time(store_, close_time);
    }

  private:
    std::string store_;
    TaskContext* context_ = nullptr;
    Timestamp last_ = kNoTimestamp;
    Timestamp next_{};
    std::chrono::milliseconds interval_{0};
};

/// Emits each window's aggregate once, when the window has closed (EmitStrategy::kOnWindowClose).
/// Owned by an aggregate's node.
template <class Key, class Agg>
class FinalResults {
  public:
    FinalResults(std::string store, TableSerdes<Key, Agg> serdes, std::chrono::milliseconds size)
        : clock_(std::move(store)), serdes_(std::move(serdes)), size_(size) {}

    void open(TaskContext& context, WindowBytesStore& store,
              const Output<Windowed<Key>, Change<Agg>>& output, bool throttled) {
        context_ = &context;
        store_ = &store;
        output_ = &output;
        clock_.open(context, throttled);
    }

    Timestamp last_close() const noexcept { return clock_.last(); }
    bool is_due(Timestamp close_time) { return clock_.is_due(close_time); }

    /// Emits windows with starts from `first` to `last`, by start and key.
    void emit(Timestamp close_time, Timestamp first, Timestamp last, const Headers& headers) {
        std::vector<std::tuple<Timestamp, Bytes, Bytes>> rows;
        for (const auto found =
                 store_->fetch_range(std::nullopt, std::nullopt, first, last, RowOrder::kForward);
             found->valid(); found->next()) {
            rows.emplace_back(found->window_start(), Bytes(found->key()), Bytes(found->value()));
        }
        for (const auto& [start, key, value] : rows) {
            serdes_.key.deserialize(key, windowed_.key);
            windowed_.window = {start, saturating_add(start, size_)};
            const Timestamp timestamp = read_timestamped(serdes_.value, value, value_);
            const Change<Agg> change{&value_};
            output_->forward(*context_, {windowed_, change, timestamp, headers});
        }
        clock_.emitted(close_time);
    }

  private:
    CloseClock clock_;
    TableSerdes<Key, Agg> serdes_;
    std::chrono::milliseconds size_;
    TaskContext* context_ = nullptr;
    WindowBytesStore* store_ = nullptr;
    const Output<Windowed<Key>, Change<Agg>>* output_ = nullptr;
    Windowed<Key> windowed_;
    Agg value_{};
};

}  // namespace millrace::detail
