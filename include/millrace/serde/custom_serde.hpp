// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

namespace millrace {

/// The fast form of CustomSerde: appends to a reused buffer, and overwrites a reused object. Derive
/// from CustomSerde unless measurements require this.
template <class T>
class FastCustomSerde {
  public:
    virtual ~FastCustomSerde() = default;

    /// Appends to `out`, which may have content that belongs to the caller.
    virtual void serialize_to(const T& value, Bytes& out) const = 0;

    /// Overwrites all of `out`, which contains an earlier record. Throws on malformed bytes.
    virtual void deserialize_into(BytesView bytes, T& out) const = 0;
};

/// A serde chosen at run time, instead of Serde<T>: a function from a value to bytes and one from
/// bytes to a value, with the rules of Serde. Threads: shared by all tasks and called concurrently.
template <class T>
class CustomSerde : public FastCustomSerde<T> {
  public:
    virtual Bytes serialize(const T& value) const = 0;
    virtual T deserialize(BytesView bytes) const = 0;  ///< Throws on malformed bytes.

  private:
    void serialize_to(const T& value, Bytes& out) const final { out += serialize(value); }
    void deserialize_into(BytesView bytes, T& out) const final { out = deserialize(bytes); }
};

}  // namespace millrace
