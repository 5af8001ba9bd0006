// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/core/factory.hpp"

#include <gtest/gtest.h>

namespace millrace::detail {
namespace {

struct Base {
    virtual ~Base() = default;
    virtual int value() const { return 0; }
};

struct SecondBase {
    virtual ~SecondBase() = default;
    int unused = 0;
};

/// Base is not at the address of the object.
class Derived final : public SecondBase, public Base {
  public:
    explicit Derived(int value) : value_(value) {}
    int value() const override { return value_; }

  private:
    int value_;
};

TEST(Factory, IsEmptyByDefault) {
    EXPECT_FALSE(Factory<Base>());
}

TEST(Factory, CreatesObjectsOfDerivedTypes) {
    const Factory<Base> factory = [] { return std::make_unique<Derived>(7); };
    ASSERT_TRUE(factory);
    EXPECT_EQ(factory()->value(), 7);
}

TEST(Factory, CreatesANewObjectAtEachCall) {
    const Factory<Base> factory = [] { return std::make_unique<Base>(); };
    const auto first = factory();
    const auto second = factory();
    EXPECT_NE(first.get(), second.get());
}

TEST(Factory, SharesItsFunctionWithCopies) {
    Factory<Base> factory = [next = 0]() mutable { return std::make_unique<Derived>(++next); };
    const Factory<Base> copy = factory;
    EXPECT_EQ(factory()->value(), 1);
    EXPECT_EQ(copy()->value(), 2);
}

TEST(Factory, OwnsFunctionsThatCannotBeCopied) {
    const Factory<Base> factory = [value = std::make_unique<int>(3)] {
        return std::make_unique<Derived>(*value);
    };
    EXPECT_EQ(factory()->value(), 3);
}

}  // namespace
}  // namespace millrace::detail
