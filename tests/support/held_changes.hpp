// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/state/change_buffer.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/format/change_buffer_format.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace millrace::testing {

/// A suppression buffer that is committed, rolled back, and rebuilt from its changelog.
class HeldChanges {
  public:
    explicit HeldChanges(bool store_headers = false) : store_headers_(store_headers) { open(); }

    detail::ChangeBuffer& buffer() { return *buffer_; }
    state::TaskStores& stores() { return *stores_; }
    const FakeStoreContext& context() const { return context_; }

    /// A change caused by a record with that time.
    void put(std::int64_t time, BytesView key, const NullableBytes& old_value,
             const NullableBytes& new_value, const Headers& headers = {}) {
        static const std::string topic = "in";
        detail::RecordContext cause;
        cause.timestamp = timestamp_of(time);
        cause.offset = time;
        cause.partition = 0;
        cause.topic = &topic;
        cause.headers = &headers;
        buffer_->put(timestamp_of(time), key, old_value, new_value, cause);
    }

    void commit() {
        stores_->flush_caches();
        stores_->commit({});
        log_committed_ = context_.log.size();
    }

    void roll_back() {
        stores_->roll_back();
        context_.log.resize(log_committed_);
    }

    /// The task moves: the buffer is rebuilt from the changelog.
    void restore() {
        const auto log = context_.log;
        open();
        Offset offset = 0;
        for (const auto& change : log) {
            EXPECT_EQ(change.headers.last("v") != nullptr, change.value.has_value());
            EXPECT_EQ(change.timestamp, std::nullopt);
            const state::ChangelogRecord record{
                .key = BytesView(change.key),
                .value = change.value ? NullableBytes(*change.value) : std::nullopt,
                .offset = offset++,
                .headers = &change.headers};
            stores_->restore(0, std::span(&record, 1));
        }
        stores_->finish_restore(0, offset);
    }

    /// dsl.store.format=headers, from the next restore on.
    void store_headers(bool stored) { store_headers_ = stored; }

  private:
    void open() {
        detail::StoreSpec spec;
        spec.name = "held";
        spec.kind = detail::StoreKind::kChangeBuffer;
        spec.headers = detail::StoredHeaders::kOfRecordIfAsked;
        state::TaskStores::Options options;
        options.name = "0_0";
        options.specs = {spec};
        options.dsl_headers = store_headers_;
        stores_.reset();
        stores_.emplace(std::move(options), memory_);
        stores_->set_context(context_);
        buffer_ = dynamic_cast<detail::ChangeBuffer*>(stores_->store("held"));
    }

    bool store_headers_;
    state::MemoryBudget memory_{state::MemoryBudget::Limits{}};
    FakeStoreContext context_;
    std::optional<state::TaskStores> stores_;
    detail::ChangeBuffer* buffer_ = nullptr;
    std::size_t log_committed_ = 0;
};

}  // namespace millrace::testing
