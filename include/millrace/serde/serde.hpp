// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/error.hpp"
#include "millrace/core/record.hpp"

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace millrace {

/// Specialise this to give a type its serde: how it becomes bytes in Kafka and in stores.
///
/// A specialisation provides
///     static void serialize(const T& value, Bytes& out);      // appends to out
///     static void deserialize(BytesView bytes, T& out);       // throws SerdeError: malformed
/// and, only where a value holds its serialised form already, so that it need not be copied,
///     static BytesView view(const T& value) noexcept;         // what serialize would append
/// or, only where all values take as many bytes, so that no buffer need grow,
///     static constexpr std::size_t kSize = ...;               // that many
///     static void write(const T& value, char* out) noexcept;  // what serialize would append
/// deserialize overwrites `out`, whatever it holds, and may reuse its memory. Serialisation must be
/// deterministic: equal values give equal bytes, as stores and joins compare bytes.
template <class T>
struct Serde;

/// A type with a serde. Default-constructible, so that memory can be reused from record to record.
template <class T>
concept Serializable = std::default_initializable<T> && std::movable<T> &&
                       requires(const T& value, T& target, Bytes& out, BytesView in) {
                           Serde<T>::serialize(value, out);
                           Serde<T>::deserialize(in, target);
                       };

/// A type whose serialised form always has the same size.
template <class T>
concept FixedSize = requires(const T& value, char* out) {
    { Serde<T>::kSize } -> std::convertible_to<std::size_t>;
    { Serde<T>::write(value, out) } noexcept;
};

/// A serde chosen at run time, in place of Serde<T>. Thread-safe: shared by all tasks.
template <class T>
class CustomSerde {
  public:
    virtual ~CustomSerde() = default;
    virtual void serialize(const T& value, Bytes& out) const = 0;  ///< Appends to `out`.
    virtual void deserialize(BytesView bytes, T& out) const = 0;   ///< Throws SerdeError.
};

/// The serde of one place in a topology: Serde<T> unless a custom one is given.
template <class T>
class SerdeOf {
  public:
    SerdeOf() = default;
    SerdeOf(std::shared_ptr<const CustomSerde<T>> custom)  // NOLINT(google-explicit-constructor)
        : custom_(std::move(custom)) {}

    void serialize(const T& value, Bytes& out) const {
        if (custom_ != nullptr) [[unlikely]] {
            custom_->serialize(value, out);
        } else {
            Serde<T>::serialize(value, out);
        }
    }
    /// What serialize appends: in `buffer`, which is overwritten, or in `value` itself.
    BytesView bytes_of(const T& value, Bytes& buffer) const {
        if constexpr (requires { Serde<T>::view(value); }) {
            if (custom_ == nullptr) [[likely]] {
                return Serde<T>::view(value);
            }
        }
        serialize_behind(0, value, buffer);
        return buffer;
    }
    /// Makes `buffer` that many bytes, which are left to the caller, and what serialize appends.
    void serialize_behind(std::size_t room, const T& value, Bytes& buffer) const {
        if constexpr (FixedSize<T>) {
            if (custom_ == nullptr) [[likely]] {
                buffer.resize(room + Serde<T>::kSize);
                Serde<T>::write(value, buffer.data() + room);
                return;
            }
        }
        buffer.resize(room);
        serialize(value, buffer);
    }
    void deserialize(BytesView bytes, T& out) const {
        if (custom_ != nullptr) [[unlikely]] {
            custom_->deserialize(bytes, out);
        } else {
            Serde<T>::deserialize(bytes, out);
        }
    }

    bool is_custom() const noexcept { return custom_ != nullptr; }

  private:
    std::shared_ptr<const CustomSerde<T>> custom_;
};

/// No bytes either way: such a key is null on the wire, and what is read is ignored.
template <>
struct Serde<NoKey> {
    static void serialize(const NoKey&, Bytes&) {}
    static void deserialize(BytesView, NoKey&) {}
};

}  // namespace millrace
