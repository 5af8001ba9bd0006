// SPDX-License-Identifier: Apache-2.0
#include "millrace/state/change_buffer.hpp"
#include "state/change_buffer_format.hpp"
#include "state/state_memory.hpp"
#include "state/task_stores.hpp"
#include "support/fake_store_context.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <span>
#include <string>
#include <tuple>

namespace millrace::state {
namespace {

using ::millrace::testing::FakeStoreContext;

const std::string kTopic = "in";

// Random changes held back by a buffer and by a std::map side by side.
class ChangeBufferModel : public ::testing::TestWithParam<unsigned> {
  protected:
    struct Held {
        std::int64_t time = 0;
        NullableOwnedBytes prior{};
        NullableOwnedBytes latest{};

        bool operator==(const Held&) const = default;
    };
    using Model = std::map<Bytes, Held>;

    ChangeBufferModel() { open(); }

    void open() {
        detail::StoreSpec spec;
        spec.name = "held";
        spec.kind = detail::StoreKind::kChangeBuffer;
        TaskStores::Options options;
        options.name = "0_0";
        options.specs = {spec};
        stores_.reset();
        stores_.emplace(std::move(options), memory_);
        stores_->set_context(context_);
        buffer_ = dynamic_cast<detail::ChangeBuffer*>(stores_->store("held"));
    }

    NullableOwnedBytes random_value() {
        return random_() % 5 == 0 ? std::nullopt
                                  : NullableOwnedBytes(std::to_string(random_() % 1000));
    }
    Bytes random_key() { return Bytes(1, static_cast<char>('a' + random_() % 12)); }

    static NullableBytes view(const NullableOwnedBytes& bytes) {
        return bytes ? NullableBytes(*bytes) : std::nullopt;
    }

    void put() {
        const Bytes key = random_key();
        const NullableOwnedBytes old_value = random_value();
        const NullableOwnedBytes new_value = random_value();
        const auto time = static_cast<std::int64_t>(random_() % 50);
        const auto [held, is_new] = held_.try_emplace(key, Held{time, old_value, {}});
        held->second.latest = new_value;
        detail::RecordContext cause;
        cause.timestamp = timestamp_of(time);
        cause.offset = 1;
        cause.partition = 0;
        cause.topic = &kTopic;
        buffer_->put(timestamp_of(time), key, view(old_value), view(new_value), cause);
    }

    Model::iterator first() {
        return std::min_element(held_.begin(), held_.end(), [](const auto& a, const auto& b) {
            return std::tie(a.second.time, a.first) < std::tie(b.second.time, b.first);
        });
    }

    void take_first() {
        compare_first();
        if (!held_.empty()) {
            held_.erase(first());
            buffer_->pop_first();
        }
    }

    void compare_first() {
        ASSERT_EQ(buffer_->records(), held_.size());
        if (held_.empty()) {
            EXPECT_EQ(buffer_->first_time(), Timestamp::max());
            EXPECT_EQ(buffer_->bytes(), 0U);
            return;
        }
        const auto& [key, held] = *first();
        EXPECT_EQ(buffer_->first_key(), BytesView(key));
        EXPECT_EQ((Held{milliseconds_of(buffer_->first_time()), buffer_->first().prior_value,
                        buffer_->first().new_value}),
                  held);
    }

    void look_up() {
        const Bytes key = random_key();
        const detail::BufferedChange* change = buffer_->find(key);
        const auto held = held_.find(key);
        ASSERT_EQ(change != nullptr, held != held_.end()) << key;
        if (change != nullptr) {
            EXPECT_EQ(change->new_value, held->second.latest);
        }
    }

    void commit() {
        stores_->flush_caches();
        stores_->commit({});
        committed_ = held_;
        log_committed_ = context_.log.size();
    }

    void roll_back() {
        stores_->roll_back();
        context_.log.resize(log_committed_);
        held_ = committed_;
        compare_first();
    }

    // The task moves: its changelog makes the buffer anew.
    void restore() {
        commit();
        const auto log = context_.log;
        open();
        const Headers version{{"v", Bytes(1, kChangeBufferVersion)}};
        Offset offset = 0;
        for (const auto& change : log) {
            const ChangelogRecord record{.key = BytesView(change.key),
                                         .value = view(change.value),
                                         .offset = offset++,
                                         .headers = &version};
            stores_->restore(0, std::span(&record, 1));
        }
        stores_->finish_restore(0, offset);
        compare_first();
    }

    void step() {
        const auto choice = random_() % 1000;
        if (choice < 500) {
            put();
        } else if (choice < 750) {
            take_first();
        } else if (choice < 900) {
            look_up();
        } else if (choice < 960) {
            commit();
        } else if (choice < 995) {
            roll_back();
        } else {
            restore();
        }
    }

    StateMemory memory_{StateMemory::Limits{}};
    FakeStoreContext context_;
    std::optional<TaskStores> stores_;
    detail::ChangeBuffer* buffer_ = nullptr;
    std::mt19937 random_{GetParam()};
    Model held_;
    Model committed_;
    std::size_t log_committed_ = 0;
};

TEST_P(ChangeBufferModel, HoldsAndGivesBackWhatASortedMapDoes) {
    for (int at = 0; at < 3000 && !HasFatalFailure() && !HasNonfatalFailure(); ++at) {
        step();
    }
    while (!held_.empty() && !HasFailure()) {
        take_first();
    }
    compare_first();
}

INSTANTIATE_TEST_SUITE_P(Seeds, ChangeBufferModel, ::testing::Range(1U, 7U));

}  // namespace
}  // namespace millrace::state
