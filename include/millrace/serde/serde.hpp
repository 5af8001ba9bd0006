// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/error.hpp"
#include "millrace/core/record.hpp"
#include "millrace/detail/serde/serde_checks.hpp"
#include "millrace/detail/serde/serde_forms.hpp"
#include "millrace/serde/custom_serde.hpp"

#include <concepts>
#include <cstddef>
#include <memory>
#include <typeinfo>
#include <utility>

namespace millrace {

/// Specialise this to define the serde of a type: how it is converted to bytes in Kafka and in
/// stores.
///
///     template <>
///     struct millrace::Serde<Payment> {
///         static Bytes serialize(const Payment& value);
///         static Payment deserialize(BytesView bytes);  // throws SerdeError: malformed
///     };
///
/// Serialisation must be deterministic: equal values have equal bytes, because stores and joins
/// compare bytes. Any std::exception means that the bytes are malformed. Null is never passed: a
/// value that may be null is a std::optional<Payment>, whose null has no bytes. Threads: called
/// concurrently.
///
/// The fast form, for what measurements show to matter, replaces either function or both. It saves
/// an allocation for each record, and its author has two duties:
///     static void serialize_to(const Payment& value, Bytes& out);   // appends: out is not empty
///     static void deserialize_into(BytesView bytes, Payment& out);  // overwrites all of an old
///     one
/// Beside serialize_to, only where a value holds its serialised form already:
///     static BytesView view(const Payment& value) noexcept;         // what serialize_to appends
/// or only where all values take as many bytes:
///     static constexpr std::size_t kSize = ...;                     // that many
///     static void write(const Payment& value, char* out) noexcept;  // what serialize_to appends
///
/// The functions of earlier versions, serialize(value, out) and deserialize(bytes, out), are
/// accepted: each call gets an empty buffer or a new object.
///
/// millrace/testing/serde_check.hpp checks a serde; TopologyTestDriver checks the fast serdes that
/// a topology uses.
template <class T>
struct Serde;

/// A type whose serialised form always has the same size.
template <class T>
concept FixedSize = detail::HasFixedSize<T>;

/// A type with a serde: Serde<T> has a function that serialises and one that deserialises, of any
/// form. Default-constructible and movable, so that memory can be reused for each record.
template <class T>
concept Serializable =
    detail::HasSerde<T> && detail::HasSerialize<T> && detail::HasDeserialize<T> &&
    std::default_initializable<T> && std::movable<T>;

/// A type for which options can set a custom serde: one with a serde, or without any Serde<T>. A
/// Serde<T> that lacks a function is an error everywhere.
template <class T>
concept Encodable = detail::HasSerializeIfAny<T> && detail::HasDeserializeIfAny<T> &&
                    std::default_initializable<T> && std::movable<T>;

/// The serde at one place of a topology: Serde<T> unless a custom one is set. Works with every form
/// of serde; serdes of composed types use it. Cheap to copy.
template <class T>
class SerdeOf {
  public:
    SerdeOf() = default;
    template <std::derived_from<FastCustomSerde<T>> Custom>
    SerdeOf(std::shared_ptr<Custom> custom)  // NOLINT(google-explicit-constructor)
        : custom_(custom, static_cast<const FastCustomSerde<T>*>(custom.get())) {}

    /// The bytes of `value`.
    Bytes serialize(const T& value) const {
        Bytes bytes;
        serialize(value, bytes);
        return bytes;
    }
    /// Appends the bytes of `value` to `out`.
    void serialize(const T& value, Bytes& out) const {
        if (custom_ != nullptr) [[unlikely]] {
            write_custom(value, out);
        } else if constexpr (detail::HasSerde<T>) {
            detail::write_value(value, out);
            check_write_if_asked(value);
        } else {
            detail::serde_missing(typeid(T));
        }
    }
    /// The bytes that serialize appends: in `buffer`, which is overwritten, or in `value` itself.
    BytesView bytes_of(const T& value, Bytes& buffer) const {
        if constexpr (detail::Viewable<T>) {
            if (custom_ == nullptr) [[likely]] {
                check_write_if_asked(value);
                return Serde<T>::view(value);
            }
        }
        serialize_behind(0, value, buffer);
        return buffer;
    }
    /// Sets `buffer` to that many uninitialised bytes, followed by the bytes of serialize.
    void serialize_behind(std::size_t room, const T& value, Bytes& buffer) const {
        if constexpr (FixedSize<T>) {
            if (custom_ == nullptr) [[likely]] {
                buffer.resize(room + Serde<T>::kSize);
                Serde<T>::write(value, buffer.data() + room);
                check_write_if_asked(value);
                return;
            }
        }
        buffer.resize(room);
        serialize(value, buffer);
    }
    /// Deserialises `bytes`. Throws the serde's exception for malformed bytes.
    T deserialize(BytesView bytes) const {
        T value{};
        deserialize(bytes, value);
        return value;
    }
    /// Overwrites `out` with it.
    void deserialize(BytesView bytes, T& out) const {
        if (custom_ != nullptr) [[unlikely]] {
            read_custom(bytes, out);
        } else if constexpr (!detail::HasSerde<T>) {
            detail::serde_missing(typeid(T));
        } else {
            detail::read_value(bytes, out);
            if constexpr (detail::kFastForm<T>) {
                if (detail::serde_checks != nullptr) [[unlikely]] {
                    check_read(bytes);
                }
            }
        }
    }

    bool is_custom() const noexcept { return custom_ != nullptr; }

    /// There is no Serde<T> and no custom serde is set: the functions above throw SerdeError.
    bool is_missing() const noexcept {
        if constexpr (detail::HasSerde<T>) {
            return false;
        } else {
            return custom_ == nullptr;
        }
    }

  private:
    // Rare cases are not inlined: the functions above are inlined for each record.
    [[gnu::noinline]] void write_custom(const T& value, Bytes& out) const {
        custom().serialize_to(value, out);
        if (detail::serde_checks != nullptr) {
            check_write(value);
        }
    }
    [[gnu::noinline]] void read_custom(BytesView bytes, T& out) const {
        custom().deserialize_into(bytes, out);
        if (detail::serde_checks != nullptr) {
            check_read(bytes);
        }
    }
    void write(const T& value, Bytes& out) const {
        if (custom_ != nullptr) {
            custom().serialize_to(value, out);
        } else if constexpr (detail::HasSerde<T>) {
            detail::write_value(value, out);
        }
    }
    void read(BytesView bytes, T& out) const {
        if (custom_ != nullptr) {
            custom().deserialize_into(bytes, out);
        } else if constexpr (detail::HasSerde<T>) {
            detail::read_value(bytes, out);
        }
    }

    // Whether a test driver checks a serde of the fast form; for Serde<T>. No code for the built-in
    // serdes and for the simple form.
    void check_write_if_asked(const T& value) const {
        if constexpr (detail::kFastForm<T>) {
            if (detail::serde_checks != nullptr) [[unlikely]] {
                check_write(value);
            }
        }
    }
    const std::type_info& type() const {
        if constexpr (detail::HasSerde<T>) {
            if (custom_ == nullptr) {
                return typeid(Serde<T>);
            }
        }
        const FastCustomSerde<T>& given = custom();
        return typeid(given);
    }
    [[gnu::noinline]] void check_write(const T& value) const {
        detail::SerdeChecks::Check check(type(), functions(), this);
        if (check.write(&value) && custom_ == nullptr) {
            if constexpr (detail::Viewable<T>) {
                check.same_bytes("view", Serde<T>::view(value));
            }
            if constexpr (FixedSize<T>) {
                Bytes fixed(Serde<T>::kSize, '\0');
                Serde<T>::write(value, fixed.data());
                check.same_bytes("write", fixed);
            }
        }
    }
    [[gnu::noinline]] void check_read(BytesView bytes) const {
        detail::SerdeChecks::Check(type(), functions(), this).read(bytes);
    }

    // For the checks, which are compiled once for all types.
    static detail::SerdeFunctions functions() noexcept {
        return {typeid(T), erased_write, erased_read, erased_make, erased_destroy};
    }
    static void erased_write(const void* serde, const void* value, Bytes& out) {
        static_cast<const SerdeOf*>(serde)->write(*static_cast<const T*>(value), out);
    }
    static void erased_read(const void* serde, BytesView bytes, void* out) {
        static_cast<const SerdeOf*>(serde)->read(bytes, *static_cast<T*>(out));
    }
    static void* erased_make() { return new T{}; }
    static void erased_destroy(void* value) { delete static_cast<T*>(value); }

    const FastCustomSerde<T>& custom() const noexcept {
        return *static_cast<const FastCustomSerde<T>*>(custom_.get());
    }

    // A FastCustomSerde<T>. Without its type, so that shared_ptr is not instantiated for each T.
    std::shared_ptr<const void> custom_;
};

/// No bytes in either direction: such a key is null in Kafka, and bytes that are read are ignored.
template <>
struct Serde<NoKey> : detail::BuiltInSerde<NoKey> {
    static void serialize_to(const NoKey&, Bytes&) {}
    static void deserialize_into(BytesView, NoKey&) {}
};

}  // namespace millrace
