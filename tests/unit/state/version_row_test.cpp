// SPDX-License-Identifier: Apache-2.0
#include "state/format/version_row.hpp"
#include "millrace/core/error.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace millrace::state {
namespace {

NullableBytes view_of(const NullableOwnedBytes& bytes) {
    return bytes ? NullableBytes(*bytes) : std::nullopt;
}

/// What the bytes of a row stand for: versions by the time at which they begin, and when the last
/// one ends.
struct Model {
    std::map<std::int64_t, NullableOwnedBytes> versions;
    std::int64_t next = 0;

    std::int64_t first() const { return versions.begin()->first; }

    void append(std::int64_t from, std::int64_t to, const NullableOwnedBytes& value) {
        end_at(from);
        versions[from] = value;
        next = to;
    }
    void end_at(std::int64_t to) {
        if (next < to && versions.rbegin()->first < next) {
            versions[next] = std::nullopt;
        }
        next = to;
    }
    void prepend(std::int64_t from, const NullableOwnedBytes& value) {
        if (first() == next) {
            versions.clear();
        }
        versions[from] = value;
    }
};

/// A row that is changed at random, as bytes and as a model of them.
class ChangedRow {
  public:
    explicit ChangedRow(unsigned seed) : random_(seed) {
        model_.next = 1000 + below(3);
        const bool lone_removal = below(2) == 0;
        const std::int64_t from = model_.next - (lone_removal ? 0 : 1 + below(3));
        model_.versions[from] = lone_removal ? std::nullopt : some_value();
        write_version_row(from, model_.next, view_of(model_.versions[from]), bytes_);
    }

    void change() {
        Bytes changed;
        switch (below(4)) {
            case 0: {
                const std::int64_t to = model_.next + below(3);
                end_version_row(bytes_, to, changed);
                model_.end_at(to);
                break;
            }
            case 1: {
                const std::int64_t from = model_.next + below(3);
                const std::int64_t to = from + 1 + below(3);
                const NullableOwnedBytes value = some_value();
                append_to_version_row(bytes_, from, to, view_of(value), changed);
                model_.append(from, to, value);
                break;
            }
            case 2: {
                const std::int64_t from = model_.first() - 1 - below(3);
                const NullableOwnedBytes value = some_value();
                prepend_to_version_row(bytes_, from, view_of(value), changed);
                model_.prepend(from, value);
                break;
            }
            default:
                if (model_.first() == model_.next) {
                    return;
                }
                change_within(changed);
        }
        bytes_ = std::move(changed);
    }

    void expect_as_modelled() const {
        ASSERT_EQ(row_first(bytes_), model_.first());
        ASSERT_EQ(row_next(bytes_), model_.next);
        for (std::int64_t time = model_.first(); time < model_.next; ++time) {
            const RowVersion version = version_at(bytes_, time);
            const auto behind = model_.versions.upper_bound(time);
            const auto modelled = std::prev(behind);
            ASSERT_EQ(version.from, modelled->first);
            ASSERT_EQ(version.to, behind == model_.versions.end() ? model_.next : behind->first);
            ASSERT_EQ(version.value, view_of(modelled->second));
        }
    }

  private:
    void change_within(Bytes& changed) {
        const std::int64_t time = model_.first() + below(model_.next - model_.first());
        const NullableOwnedBytes value = some_value();
        const RowVersion version = version_at(bytes_, time);
        if (version.from < time && below(2) == 0) {
            insert_into_version_row(bytes_, version, time, view_of(value), changed);
            model_.versions[time] = value;
            return;
        }
        const bool is_first = version.from == model_.first();
        const std::int64_t from = is_first ? time : version.from;
        replace_in_version_row(bytes_, version, from, view_of(value), changed);
        model_.versions.erase(version.from);
        model_.versions[from] = value;
    }

    std::int64_t below(std::int64_t end) {
        return static_cast<std::int64_t>(random_() % static_cast<unsigned>(end));
    }
    NullableOwnedBytes some_value() {
        return below(4) == 0 ? std::nullopt
                             : NullableOwnedBytes(Bytes(static_cast<std::size_t>(below(20)),
                                                        static_cast<char>('a' + below(26))));
    }

    std::mt19937 random_;
    Model model_;
    Bytes bytes_;
};

TEST(VersionRow, ChangesOfTheBytesMatchAModelOfTheVersions) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        ChangedRow row(seed);
        ASSERT_NO_FATAL_FAILURE(row.expect_as_modelled()) << seed;
        for (int step = 0; step < 20; ++step) {
            row.change();
            ASSERT_NO_FATAL_FAILURE(row.expect_as_modelled()) << seed << ", step " << step;
        }
    }
}

TEST(VersionRow, TooFewBytesAreRefused) {
    Bytes out;
    EXPECT_THROW(append_to_version_row("short", 1, 2, "value", out), StateError);
    EXPECT_THROW(end_version_row("short", 1, out), StateError);
    EXPECT_THROW(prepend_to_version_row("short", 1, "value", out), StateError);
}

}  // namespace
}  // namespace millrace::state
