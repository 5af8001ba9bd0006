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

/// What is found wrong with serdes of the fast form while a test driver works: one that does not
/// append, or that leaves parts of the object's earlier value. Not thread-safe.
class SerdeChecks {
  public:
    /// Until its end, the serdes that this thread calls are checked; null: they are not.
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

    /// The first thing that was found since the last call, for people.
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
    std::map<std::type_index, std::shared_ptr<void>> used_;  ///< Each holds the last value read.
};

/// The checks of this thread. Looked at only for serdes of the fast form and custom ones.
inline constinit thread_local SerdeChecks* serde_checks = nullptr;

/// One look at one serde. Serdes called in its life are not checked: they have been.
class SerdeChecks::Check {
  public:
    explicit Check(const std::type_info& serde) noexcept
        : checks_(serde_checks), serde_(&serde), off_(nullptr) {}

    /// `append(out)` must append the same bytes whatever `out` holds. False when it throws.
    template <class Append>
    bool write(const Append& append) {
        Bytes behind(kHeld);
        if (!done([&] { append(alone_), append(behind); })) {
            return false;
        }
        compare_appended(behind);
        return true;
    }

    /// Another way to write what `write` was given.
    void same_bytes(std::string_view function, BytesView bytes);

    /// `read(object)` must make the same value of an object whatever it holds. A serde that cannot
    /// write has nothing to compare.
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
