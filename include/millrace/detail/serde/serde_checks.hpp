// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <typeinfo>
#include <utility>

namespace millrace::detail {

/// The type-erased functions of a serde.
struct SerdeFunctions {
    std::type_index value_type;
    void (*write)(const void* serde, const void* value, Bytes& out);
    void (*read)(const void* serde, BytesView bytes, void* out);
    void* (*make)();
    void (*destroy)(void* value);
};

/// Problems of fast serdes that a test driver finds: a serde that does not append, or that keeps
/// parts of the object's earlier value. Not thread-safe.
class SerdeChecks {
  public:
    /// During its lifetime, the serdes that this thread calls are checked; null: they are not.
    class Scope {
      public:
        explicit Scope(SerdeChecks* checks) noexcept;
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

      private:
        SerdeChecks* outer_;
    };

    class Check;

    /// The first problem since the last call, for people.
    std::optional<std::string> take_finding() { return std::exchange(finding_, std::nullopt); }

  private:
    void* used_object(const SerdeFunctions& functions);

    std::optional<std::string> finding_;
    /// Each contains the last value that was read.
    std::map<std::type_index, std::shared_ptr<void>> used_;
};

/// The checks of this thread. Used only for serdes of the fast form and custom ones.
inline constinit thread_local SerdeChecks* serde_checks = nullptr;

/// One check of one serde. Serdes that are called during its lifetime are not checked: they already
/// were.
class SerdeChecks::Check {
  public:
    /// `serde` is passed to each of the `functions`; `type` is its type, for messages.
    Check(const std::type_info& type, const SerdeFunctions& functions, const void* serde) noexcept
        : checks_(serde_checks),
          type_(&type),
          functions_(functions),
          serde_(serde),
          off_(nullptr) {}

    /// Checks that the serde appends the same bytes whatever the buffer contains. False if it
    /// throws.
    bool write(const void* value);

    /// Another way to write the value of `write`.
    void same_bytes(std::string_view function, BytesView bytes);

    /// Checks that the serde reads the same value whatever the object contains. Skipped for a serde
    /// that cannot write.
    void read(BytesView bytes);

  private:
    static constexpr BytesView kHeld = "held before";

    void compare_appended(BytesView behind);
    void compare_read(BytesView of_new, BytesView of_used);
    void found(const std::string& what);

    SerdeChecks* checks_;
    const std::type_info* type_;
    SerdeFunctions functions_;
    const void* serde_;
    Scope off_;
    Bytes alone_;
};

}  // namespace millrace::detail
