// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <typeinfo>
#include <utility>

namespace millrace::detail {

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
    template <class T>
    T& used_object() {
        std::shared_ptr<void>& object = used_[typeid(T)];
        if (object == nullptr) {
            object = std::make_shared<T>();
        }
        return *static_cast<T*>(object.get());
    }

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
    explicit Check(const std::type_info& serde) noexcept
        : checks_(serde_checks), serde_(&serde), off_(nullptr) {}

    /// `append(out)` must append the same bytes for any content of `out`. False if it throws.
    template <class Append>
    bool write(const Append& append) {
        Bytes behind(kHeld);
        if (!done([&] { append(alone_), append(behind); })) {
            return false;
        }
        compare_appended(behind);
        return true;
    }

    /// Another way to write the value of `write`.
    void same_bytes(std::string_view function, BytesView bytes);

    /// `read(object)` must produce the same value for any content of the object. A serde that
    /// cannot write has nothing to compare.
    template <class T, class Read, class Append>
    void read(const Read& read, const Append& append) {
        Bytes of_new;
        Bytes of_used;
        if (done([&] {
                T fresh{};
                T& used = checks_->used_object<T>();
                read(fresh);
                append(fresh, of_new);
                read(used);
                append(used, of_used);
            })) {
            compare_read(of_new, of_used);
        }
    }

  private:
    static constexpr BytesView kHeld = "held before";

    template <class Work>
    static bool done(const Work& work) {
        try {
            work();
            return true;
        } catch (const std::exception&) {
            return false;
        }
    }

    void compare_appended(BytesView behind);
    void compare_read(BytesView of_new, BytesView of_used);
    void found(const std::string& what);

    SerdeChecks* checks_;
    const std::type_info* serde_;
    Scope off_;
    Bytes alone_;
};

}  // namespace millrace::detail
