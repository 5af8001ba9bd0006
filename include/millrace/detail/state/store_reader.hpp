// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/windows/window.hpp"

#include <any>
#include <cstdint>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace millrace::detail {

/// The bytes of one store over all local tasks that have it. Every call runs on the stream threads
/// that own the tasks, between two rounds, and waits for them.
class StoreReader {
  public:
    /// `serdes` as in StoreSpec.
    StoreReader(std::string name, std::any serdes)
        : name_(std::move(name)), serdes_(std::move(serdes)) {}
    using Entry = std::pair<Bytes, Bytes>;

    struct WindowEntry {
        Bytes key;
        Timestamp window_start = kNoTimestamp;
        Bytes value;
    };

    struct SessionEntry {
        Bytes key;
        SessionWindow session;
        Bytes value;
    };

    virtual ~StoreReader() = default;

    /// Returns values without the timestamp that some stores keep with them.
    virtual std::optional<Bytes> get(BytesView key) const = 0;
    virtual std::vector<Entry> range(NullableBytes first, NullableBytes last) const = 0;
    virtual std::uint64_t approximate_num_entries() const = 0;
    virtual std::vector<WindowEntry> fetch(BytesView key, Timestamp from, Timestamp to) const = 0;
    virtual std::vector<WindowEntry> fetch_all(Timestamp from, Timestamp to) const = 0;
    virtual std::optional<Bytes> fetch_session(BytesView key, SessionWindow session) const = 0;
    virtual std::vector<SessionEntry> find_sessions(NullableBytes first, NullableBytes last,
                                                    Timestamp earliest_end,
                                                    Timestamp latest_start) const = 0;

    const std::string& name() const noexcept { return name_; }

    /// The serdes of the store in the topology; Serde<K> and Serde<V> if it does not define them.
    /// Throws StateError if they have other types.
    template <class Serdes>
    Serdes serdes() const {
        if (!serdes_.has_value()) {
            return {};
        }
        if (const auto* found = std::any_cast<Serdes>(&serdes_)) {
            return *found;
        }
        other_types(serdes_.type(), typeid(Serdes));
    }

  private:
    [[noreturn]] void other_types(const std::type_info& has, const std::type_info& asked) const;

    std::string name_;
    std::any serdes_;
};

template <class T>
Bytes written(const SerdeOf<T>& serde, const T& value) {
    Bytes bytes;
    serde.serialize(value, bytes);
    return bytes;
}

template <class T>
T read(const SerdeOf<T>& serde, BytesView bytes) {
    T value{};
    serde.deserialize(bytes, value);
    return value;
}

}  // namespace millrace::detail
