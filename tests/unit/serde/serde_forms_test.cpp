// SPDX-License-Identifier: Apache-2.0

// The forms of user-defined serdes, written without knowledge of the rules.
#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace millrace {
namespace forms {

/// A name and an optional note: "name" or "name:note".
struct Text {
    std::string name;
    std::string note;

    bool operator==(const Text&) const = default;
};

Bytes written(const Text& text) {
    return text.note.empty() ? text.name : text.name + ":" + text.note;
}

// Leaves the note unchanged if the bytes have none, as when JSON is read into a struct.
void read(BytesView bytes, Text& text) {
    const std::size_t colon = bytes.find(':');
    text.name = bytes.substr(0, colon);
    if (colon != BytesView::npos) {
        text.note = bytes.substr(colon + 1);
    }
}

struct Natural : Text {};
struct Earlier : Text {};
struct Mixed : Text {};
struct AtRunTime : Text {};

}  // namespace forms

template <>
struct Serde<forms::Natural> {
    static Bytes serialize(const forms::Natural& value) { return forms::written(value); }
    static forms::Natural deserialize(BytesView bytes) {
        forms::Natural value;
        forms::read(bytes, value);
        return value;
    }
};

/// With the signatures of earlier versions, whose buffer was not empty and whose object was not
/// new.
template <>
struct Serde<forms::Earlier> {
    static void serialize(const forms::Earlier& value, Bytes& out) { out = forms::written(value); }
    static void deserialize(BytesView bytes, forms::Earlier& out) { forms::read(bytes, out); }
};

/// One function of each form. The appending one is right.
template <>
struct Serde<forms::Mixed> {
    static void serialize_to(const forms::Mixed& value, Bytes& out) {
        out += forms::written(value);
    }
    static forms::Mixed deserialize(BytesView bytes) {
        forms::Mixed value;
        forms::read(bytes, value);
        return value;
    }
};

template <>
struct Serde<forms::AtRunTime> {
    static Bytes serialize(const forms::AtRunTime&) { throw SerdeError("not this one"); }
    static forms::AtRunTime deserialize(BytesView) { throw SerdeError("not this one"); }
};

namespace forms {

class TextSerde final : public CustomSerde<AtRunTime> {
  public:
    Bytes serialize(const AtRunTime& value) const override { return written(value); }
    AtRunTime deserialize(BytesView bytes) const override {
        AtRunTime value;
        read(bytes, value);
        return value;
    }
};

template <class T>
SerdeOf<T> serde_of() {
    if constexpr (std::is_same_v<T, AtRunTime>) {
        return std::make_shared<TextSerde>();
    } else {
        return {};
    }
}

template <class T>
class SerdeForms : public ::testing::Test {};

struct FormNames {
    template <class T>
    static std::string GetName(int) {
        return std::is_same_v<T, Natural>   ? "Natural"
               : std::is_same_v<T, Earlier> ? "Earlier"
               : std::is_same_v<T, Mixed>   ? "Mixed"
                                            : "AtRunTime";
    }
};
using Forms = ::testing::Types<Natural, Earlier, Mixed, AtRunTime>;
TYPED_TEST_SUITE(SerdeForms, Forms, FormNames);

TYPED_TEST(SerdeForms, DoNotKeepPartsOfThePreviousRecord) {
    const auto serde = serde_of<TypeParam>();
    TypeParam value;
    serde.deserialize("a:first", value);
    serde.deserialize("b", value);
    EXPECT_EQ(value.name, "b");
    EXPECT_EQ(value.note, "");
    EXPECT_EQ(serde.deserialize("c:third").note, "third");
}

TYPED_TEST(SerdeForms, KeepTheContentOfTheBuffer) {
    const auto serde = serde_of<TypeParam>();
    TypeParam value;
    value.name = "a";
    value.note = "note";
    Bytes buffer = "12345678";
    serde.serialize(value, buffer);
    EXPECT_EQ(buffer, "12345678a:note");
    serde.serialize_behind(2, value, buffer);
    EXPECT_EQ(buffer, "12a:note");
    EXPECT_EQ(serde.bytes_of(value, buffer), "a:note");
    EXPECT_EQ(serde.serialize(value), "a:note");
}

TYPED_TEST(SerdeForms, DoNotMixRecordsInTablesAndTheirChangelogs) {
    StreamsBuilder builder;
    const auto serde = serde_of<TypeParam>();
    builder.table<std::string, TypeParam>("in", {.store = "rows"}, {.value_serde = serde})
        .to_stream()
        .to("out", {.value_serde = serde});
    testing::TopologyTestDriver driver(std::move(builder).build());
    auto in = driver.input_topic<std::string, std::string>("in");
    auto out = driver.output_topic<std::string, std::string>("out");
    in.pipe("1", "a long value:with a note");
    in.pipe("2", "b");
    in.pipe("1", "c");

    EXPECT_THAT(out.drain_values(), ::testing::ElementsAre("a long value:with a note", "b", "c"));
    EXPECT_EQ(driver.key_value_store("rows").get("1")->substr(8), "c") << "behind its time";
    EXPECT_EQ(driver.key_value_store("rows").get("2")->substr(8), "b");
}

TYPED_TEST(SerdeForms, DoNotMixAggregates) {
    StreamsBuilder builder;
    const auto serde = serde_of<TypeParam>();
    builder.stream<std::string, std::string>("in")
        .group_by_key()
        .aggregate(TypeParam(),
                   [](TypeParam state, const std::string& value) {
                       (state.name.empty() ? state.name : state.note) = value;
                       return state;
                   },
                   {.store = "s", .caching = false, .value_serde = serde})
        .to_stream()
        .to("out", {.value_serde = serde});
    testing::TopologyTestDriver driver(std::move(builder).build());
    auto in = driver.input_topic<std::string, std::string>("in");
    in.pipe("1", "one");
    in.pipe("1", "note");
    in.pipe("2", "two");
    in.pipe("2", "2");
    in.pipe("1", "again");
    EXPECT_THAT((driver.output_topic<std::string, std::string>("out").drain_values()),
                ::testing::ElementsAre("one", "one:note", "two", "two:2", "one:again"));
}

TEST(SerdeForms, FastOnesArePreferredAndBuiltInOnesHaveBoth) {
    Bytes buffer = "1";
    Serde<std::int32_t>::serialize_to(7, buffer);
    EXPECT_EQ(buffer, "1" + Serde<std::int32_t>::serialize(7));
    EXPECT_EQ(Serde<std::int32_t>::deserialize(buffer.substr(1)), 7);
    EXPECT_EQ(Serde<NoKey>::serialize(NoKey{}), "");
}

struct NoDefault {
    explicit NoDefault(int) {}
};
struct WrongReturn {};

}  // namespace forms

template <>
struct Serde<forms::WrongReturn> {
    static const char* serialize(const forms::WrongReturn&) { return ""; }
    static forms::WrongReturn deserialize(BytesView) { return {}; }
};

namespace forms {

static_assert(Serializable<Natural> && Serializable<Earlier> && Serializable<Mixed>);
static_assert(!Serializable<NoDefault>);
static_assert(detail::HasDeserialize<WrongReturn> && !detail::HasSerialize<WrongReturn>,
              "a pointer to characters would end at the first zero");

}  // namespace forms
}  // namespace millrace
