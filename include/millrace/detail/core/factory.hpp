// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

namespace millrace::detail {

/// The type-erased function of a Factory. A struct of function pointers, not a class with virtual
/// functions, whose tables and type information would cost the compiler more than its code.
struct Maker {
    void* (*make)(Maker& maker);
    void (*destroy)(Maker* maker);
};

/// A function that creates objects of type T or derived from it; empty by default. Copies share the
/// function. Thread-safe if the function is.
///
/// Like std::function<std::unique_ptr<T>()>, but cheaper to compile: it needs a sixth of the
/// template instantiations, and a topology has a factory for each node.
template <class T>
class Factory {
  public:
    Factory() = default;
    template <class F>
        requires requires(F& make) { std::unique_ptr<T>(make()); }
    Factory(F make)  // NOLINT(google-explicit-constructor)
    {
        Maker* maker = new MakerOf<F>{{&make_with<F>, &destroy<F>}, std::move(make)};
        maker_.reset(maker, maker->destroy);
    }

    explicit operator bool() const noexcept { return maker_ != nullptr; }

    /// Must not be empty.
    std::unique_ptr<T> operator()() const {
        return std::unique_ptr<T>(static_cast<T*>(maker_->make(*maker_)));
    }

  private:
    template <class F>
    struct MakerOf : Maker {
        F function;
    };

    template <class F>
    static void* make_with(Maker& maker) {
        T* made = static_cast<MakerOf<F>&>(maker).function().release();
        return made;
    }

    template <class F>
    static void destroy(Maker* maker) {
        delete static_cast<MakerOf<F>*>(maker);
    }

    std::shared_ptr<Maker> maker_;
};

}  // namespace millrace::detail
