// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

namespace millrace::detail {

/// The type-erased function of a Factory.
class Maker {
  public:
    virtual ~Maker() = default;
    virtual void* make() = 0;
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
        : maker_(std::unique_ptr<Maker>(new MakerOf<F>(std::move(make)))) {}

    explicit operator bool() const noexcept { return maker_ != nullptr; }

    /// Must not be empty.
    std::unique_ptr<T> operator()() const {
        return std::unique_ptr<T>(static_cast<T*>(maker_->make()));
    }

  private:
    template <class F>
    class MakerOf final : public Maker {
      public:
        explicit MakerOf(F make) : make_(std::move(make)) {}
        void* make() override {
            T* made = make_().release();
            return made;
        }

      private:
        F make_;
    };

    std::shared_ptr<Maker> maker_;
};

}  // namespace millrace::detail
