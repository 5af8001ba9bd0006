// SPDX-License-Identifier: Apache-2.0
#include "support/held_changes.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>

namespace millrace::state {
namespace {

using ::millrace::testing::HeldChanges;

// Random changes in a buffer and in a std::map.
class ChangeBufferModel : public ::testing::TestWithParam<unsigned> {
  protected:
    struct Held {
        std::int64_t time = 0;
        NullableOwnedBytes prior{};
        NullableOwnedBytes latest{};

        bool operator==(const Held&) const = default;
    };
    using Model = std::map<Bytes, Held>;

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
        changes_.put(time, key, view(old_value), view(new_value));
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
            changes_.buffer().pop_first();
        }
    }

    void compare_first() {
        ASSERT_EQ(changes_.buffer().records(), held_.size());
        if (held_.empty()) {
            EXPECT_EQ(changes_.buffer().first_time(), Timestamp::max());
            EXPECT_EQ(changes_.buffer().bytes(), 0U);
            return;
        }
        const auto& [key, held] = *first();
        EXPECT_EQ(changes_.buffer().first_key(), BytesView(key));
        EXPECT_EQ(
            (Held{milliseconds_of(changes_.buffer().first_time()),
                  changes_.buffer().first().prior_value, changes_.buffer().first().new_value}),
            held);
    }

    void look_up() {
        const Bytes key = random_key();
        const detail::BufferedChange* change = changes_.buffer().find(key);
        const auto held = held_.find(key);
        ASSERT_EQ(change != nullptr, held != held_.end()) << key;
        if (change != nullptr) {
            EXPECT_EQ(change->new_value, held->second.latest);
        }
    }

    void commit() {
        changes_.commit();
        committed_ = held_;
    }

    void roll_back() {
        changes_.roll_back();
        held_ = committed_;
        compare_first();
    }

    void restore() {
        commit();
        changes_.restore();
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

    HeldChanges changes_;
    std::mt19937 random_{GetParam()};
    Model held_;
    Model committed_;
};

TEST_P(ChangeBufferModel, BehavesLikeASortedMap) {
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
