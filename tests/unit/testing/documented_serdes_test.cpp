// SPDX-License-Identifier: Apache-2.0

// The code of docs/serdes.md.
#include "millrace/millrace.hpp"
#include "millrace/testing/serde_check.hpp"
#include "millrace/testing/topology_test_driver.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shop {

struct Purchase {
    std::string customer;
    std::int64_t cents = 0;
    std::vector<std::string> items;

    bool operator==(const Purchase&) const = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Purchase, customer, cents, items)

template <class A, class B>
struct Both {
    A first{};
    B second{};

    bool operator==(const Both&) const = default;
};

struct Position {
    std::int64_t shelf = 0;
    std::string name;

    bool operator==(const Position&) const = default;
};

}  // namespace shop

template <>
struct millrace::Serde<shop::Purchase> {
    static Bytes serialize(const shop::Purchase& value) { return nlohmann::json(value).dump(); }
    static shop::Purchase deserialize(BytesView bytes) {
        return nlohmann::json::parse(bytes).get<shop::Purchase>();
    }
};

template <class A, class B>
struct millrace::Serde<shop::Both<A, B>> {
    static Bytes serialize(const shop::Both<A, B>& value) {
        const Bytes first = SerdeOf<A>().serialize(value.first);
        Bytes bytes = SerdeOf<std::int32_t>().serialize(static_cast<std::int32_t>(first.size()));
        return bytes + first + SerdeOf<B>().serialize(value.second);
    }
    static shop::Both<A, B> deserialize(BytesView bytes) {
        const auto size = SerdeOf<std::int32_t>().deserialize(bytes.substr(0, 4));
        if (size < 0 || bytes.size() - 4 < static_cast<std::size_t>(size)) {
            throw SerdeError("wrong size of the first part: " + std::to_string(size));
        }
        const auto end = static_cast<std::size_t>(size) + 4;
        return {SerdeOf<A>().deserialize(bytes.substr(4, end - 4)),
                SerdeOf<B>().deserialize(bytes.substr(end))};
    }
};

template <>
struct millrace::Serde<shop::Position> {
    static void serialize_to(const shop::Position& value, Bytes& out) {
        Serde<std::int64_t>::serialize_to(value.shelf, out);
        out += value.name;
    }
    static void deserialize_into(BytesView bytes, shop::Position& out) {
        Serde<std::int64_t>::deserialize_into(bytes.substr(0, 8), out.shelf);
        out.name.assign(bytes.substr(8));
    }
};

namespace {

class PurchaseAsLine final : public millrace::CustomSerde<shop::Purchase> {
  public:
    millrace::Bytes serialize(const shop::Purchase& value) const override {
        return value.customer + "," + std::to_string(value.cents);
    }
    shop::Purchase deserialize(millrace::BytesView bytes) const override {
        const std::size_t comma = bytes.find(',');
        if (comma == millrace::BytesView::npos) {
            throw millrace::SerdeError("no comma");
        }
        return {.customer = std::string(bytes.substr(0, comma)),
                .cents = std::stoll(std::string(bytes.substr(comma + 1))),
                .items = {}};
    }
};

using millrace::testing::check_serde;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DocumentedSerdes, AreRightInEachForm) {
    EXPECT_THAT(check_serde<shop::Purchase>({{}, {"ann", 250, {"tea"}}, {"bob", -1, {}}}),
                IsEmpty());
    EXPECT_THAT(check_serde<shop::Position>({{}, {1, "tea"}, {-7, "cup"}}), IsEmpty());
    using Named = shop::Both<std::string, shop::Position>;
    EXPECT_THAT(check_serde<Named>({{}, {"ann", {1, "tea"}}, {"", {2, ""}}}), IsEmpty());
}

TEST(DocumentedSerdes, AreReportedWhereTheyAreWrong) {
    EXPECT_THAT(check_serde<shop::Purchase>({{"ann", 250, {"tea"}}},
                                            {.serde = std::make_shared<PurchaseAsLine>()}),
                ElementsAre(HasSubstr("is deserialised as a value that is not equal"),
                            HasSubstr("trailing bytes are ignored")));
}

TEST(DocumentedSerdes, AreChosenForOneTopic) {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, shop::Purchase>("purchases")
        .to("lines", {.value_serde = std::make_shared<PurchaseAsLine>()});
    millrace::testing::TopologyTestDriver driver(std::move(builder).build());
    driver.input_topic<std::string, shop::Purchase>("purchases").pipe("1", {"ann", 250, {"tea"}});
    EXPECT_EQ((driver.output_topic<std::string, std::string>("lines").read().value), "ann,250");
}

}  // namespace
