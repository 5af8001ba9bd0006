// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/state/unmatched_store.hpp"

#include "millrace/core/error.hpp"
#include "millrace/detail/core/saturating.hpp"
#include "millrace/detail/serde/times.hpp"

#include <cstdint>
#include <optional>

namespace millrace::detail {
namespace {

constexpr std::size_t kCountBytes = 4;
constexpr char kListOfAnySize = 1;
constexpr char kLeft = 1;
constexpr char kRight = 0;

// A list: one byte for the kind, four for the count, then each element after its size in four
// bytes.
void append_element(BytesView element, Bytes& list) {
    append_big_endian(static_cast<std::int32_t>(element.size()), list);
    list += element;
}

[[noreturn]] void not_a_list() {
    throw SerdeError("not a list of unmatched records");
}

std::int32_t count_of(BytesView list) {
    if (list.size() < 1 + kCountBytes || list.front() != kListOfAnySize) {
        not_a_list();
    }
    // An element has at least its size and its side.
    const auto most = (list.size() - 1 - kCountBytes) / (kCountBytes + 1);
    const auto count = read_big_endian<std::int32_t>(list.data() + 1);
    if (count < 0 || static_cast<std::size_t>(count) > most) {
        not_a_list();
    }
    return count;
}

template <class F>
void for_each_element(BytesView list, F&& use) {
    const std::int32_t count = count_of(list);
    list.remove_prefix(1 + kCountBytes);
    for (std::int32_t i = 0; i < count; ++i) {
        if (list.size() < kCountBytes) {
            not_a_list();
        }
        const auto size = static_cast<std::size_t>(read_big_endian<std::uint32_t>(list.data()));
        list.remove_prefix(kCountBytes);
        if (size == 0 || list.size() < size) {
            not_a_list();
        }
        use(list.substr(0, size));
        list.remove_prefix(size);
    }
    if (!list.empty()) {
        not_a_list();
    }
}

}  // namespace

void UnmatchedStore::make_key(Timestamp timestamp, bool is_left, BytesView key) {
    key_.clear();
    append_time(timestamp, key_);
    key_ += is_left ? kLeft : kRight;
    key_ += key;
}

void UnmatchedStore::add(Timestamp timestamp, bool is_left, BytesView key, BytesView value) {
    make_key(timestamp, is_left, key);
    const NullableBytes known = store_->get(key_);
    list_.assign(1, kListOfAnySize);
    append_big_endian(known ? count_of(*known) + 1 : 1, list_);
    if (known) {
        list_ += known->substr(1 + kCountBytes);
    }
    Bytes element(1, is_left ? kLeft : kRight);
    element += value;
    append_element(element, list_);
    store_->put(key_, BytesView(list_));
}

void UnmatchedStore::erase(Timestamp timestamp, bool is_left, BytesView key) {
    make_key(timestamp, is_left, key);
    if (store_->get(key_)) {
        store_->put(key_, std::nullopt);
    }
}

void UnmatchedStore::emit_closed(JoinClock& clock, const UnmatchedWindows& windows,
                                 const std::function<void(const Unmatched&)>& emit) {
    std::optional<Bytes> emitted;  // Removed after the next one was emitted, as in Kafka Streams.
    clock.min_time = Timestamp::max();
    {
        const auto rows = store_->range(std::nullopt, std::nullopt, RowOrder::kForward);
        bool left_is_open = false;
        bool right_is_open = false;
        for (; rows->valid(); rows->next()) {
            const BytesView row = rows->key();
            if (row.size() < kTimeSize + 1) {
                not_a_list();
            }
            Unmatched unmatched;
            unmatched.timestamp = time_at(row, 0);
            unmatched.is_left = row[kTimeSize] == kLeft;
            unmatched.key = row.substr(kTimeSize + 1);
            clock.min_time = unmatched.timestamp;
            if (left_is_open && right_is_open) {
                break;
            }
            const auto look_back = unmatched.is_left ? windows.after : windows.before;
            const Timestamp closes =
                saturating_add(saturating_add(unmatched.timestamp, look_back), windows.grace);
            if (closes >= clock.stream_time) {
                (unmatched.is_left ? left_is_open : right_is_open) = true;
                if (left_is_open && right_is_open && count_of(rows->value()) > 1) {
                    break;  // At the second record of the row, so its time is kept.
                }
                continue;
            }
            const Bytes key(row);
            for_each_element(rows->value(), [&](BytesView element) {
                unmatched.value = element.substr(1);
                emit(unmatched);
                if (emitted) {
                    store_->put(*emitted, std::nullopt);
                    emitted.reset();
                }
            });
            emitted = key;
        }
    }
    if (emitted) {
        store_->put(*emitted, std::nullopt);
    }
}

}  // namespace millrace::detail
