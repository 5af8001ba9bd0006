// SPDX-License-Identifier: Apache-2.0
#include "topology/semantics/timelines.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace millrace::semantics {
namespace {

using Rows = WindowStore<Text, Text>;

/// Puts every record into the store at its time. For a record with value "?", returns the visible
/// rows of its key.
struct PutOrList final : Processor<Text, Text, Text, Text> {
    void process(const Record<Text, Text>& record) override {
        Rows rows = context().store<Rows>("rows");
        if (record.value != "?") {
            rows.put(record.key, record.timestamp, record.value);
            return;
        }
        Text found;
        for (auto each = rows.fetch(record.key, timestamp_of(0), record.timestamp); each.valid();
             each.next()) {
            found += (found.empty() ? "" : "+") + each.row().value;
        }
        context().forward(record.with_value(found.empty() ? "none" : found));
    }
};

void list_of(StreamsBuilder& builder, const WindowStoreSupplier& supplier) {
    builder.stream<Text, Text>("in")
        .process([] { return std::make_unique<PutOrList>(); },
                 {.added_stores = {stores::window_store<Text, Text>(supplier)}})
        .to("out");
}

void persistent(StreamsBuilder& builder) {
    const auto rows = stores::persistent_window_store("rows", 100s, 10s);
    list_of(builder, rows);
}

void in_memory(StreamsBuilder& builder) {
    const auto rows = stores::in_memory_window_store("rows", 100s, 10s);
    list_of(builder, rows);
}

TEST(SemanticsOfState, AreAsDocumented) {
    expect_page("state",
                {{"persistent-window-store", persistent}, {"in-memory-window-store", in_memory}});
}

}  // namespace
}  // namespace millrace::semantics
