// SPDX-License-Identifier: Apache-2.0

// The errors of TopologyTestDriver for serdes of the fast form that break its rules.
#include "millrace/core/error.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>

namespace millrace {
namespace checked {

struct Text {
    std::string name;
    std::string note;
};

Bytes written(const Text& text) {
    return text.note.empty() ? text.name : text.name + ":" + text.note;
}

void read(BytesView bytes, Text& text) {
    const std::size_t colon = bytes.find(':');
    text.name = bytes.substr(0, colon);
    text.note = colon == BytesView::npos ? BytesView() : bytes.substr(colon + 1);
}

struct Right : Text {};
struct Overwriting : Text {};
struct Mixing : Text {};
struct Viewing : Text {};
struct ReadOnly : Text {};

}  // namespace checked

template <>
struct Serde<checked::Right> {
    static void serialize_to(const checked::Right& value, Bytes& out) {
        out += checked::written(value);
    }
    static void deserialize_into(BytesView bytes, checked::Right& out) {
        checked::read(bytes, out);
    }
};

template <>
struct Serde<checked::Overwriting> {
    static void serialize_to(const checked::Overwriting& value, Bytes& out) {
        out = checked::written(value);
    }
    static void deserialize_into(BytesView bytes, checked::Overwriting& out) {
        checked::read(bytes, out);
    }
};

template <>
struct Serde<checked::Mixing> {
    static Bytes serialize(const checked::Mixing& value) { return checked::written(value); }
    static void deserialize_into(BytesView bytes, checked::Mixing& out) {
        checked::Text read;
        checked::read(bytes, read);
        out.name = read.name;
        if (!read.note.empty()) {
            out.note = read.note;
        }
    }
};

template <>
struct Serde<checked::Viewing> {
    static void serialize_to(const checked::Viewing& value, Bytes& out) {
        out += checked::written(value);
    }
    static checked::Viewing deserialize(BytesView bytes) {
        checked::Viewing value;
        checked::read(bytes, value);
        return value;
    }
    static BytesView view(const checked::Viewing& value) noexcept { return value.name; }
};

template <>
struct Serde<checked::ReadOnly> {
    static void serialize_to(const checked::ReadOnly&, Bytes&) { throw SerdeError("read only"); }
    static void deserialize_into(BytesView bytes, checked::ReadOnly& out) {
        checked::read(bytes, out);
    }
};

namespace checked {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A fast serde chosen at run time that overwrites its buffer.
class OverwritingSerde final : public FastCustomSerde<Right> {
  public:
    void serialize_to(const Right& value, Bytes& out) const override { out = written(value); }
    void deserialize_into(BytesView bytes, Right& out) const override { read(bytes, out); }
};

template <class T>
testing::TopologyTestDriver rows(const SerdeOf<T>& serde = {}) {
    StreamsBuilder builder;
    builder.table<std::string, T>("in", {.store = "rows"}, {.value_serde = serde})
        .to_stream()
        .to("out", {.value_serde = serde});
    return testing::TopologyTestDriver(
        std::move(builder).build(),
        {.config = {{"default.deserialization.exception.handler", "log-and-continue"}},
         .processing_handler = [](const ErrorContext&, const std::exception&) {
             return ErrorResponse{.decision = ErrorDecision::kResume};
         }});
}

template <class T>
void pipe_two(testing::TopologyTestDriver& driver) {
    auto in = driver.input_topic<std::string, std::string>("in");
    in.pipe("1", "a:first");
    in.pipe("2", "b");
}

TEST(DriverSerdeChecks, AcceptCorrectSerdes) {
    auto driver = rows<Right>();
    pipe_two<Right>(driver);
    EXPECT_THAT((driver.output_topic<std::string, std::string>("out").drain_values()),
                ElementsAre("a:first", "b"));
}

TEST(DriverSerdeChecks, NameOnesThatOverwriteTheirBufferWithAnyHandler) {
    auto driver = rows<Overwriting>();
    EXPECT_THAT(
        [&] { pipe_two<Overwriting>(driver); },
        ThrowsMessage<TopologyError>(AllOf(HasSubstr("Serde<millrace::checked::Overwriting>"),
                                           HasSubstr("does not append"))));
}

TEST(DriverSerdeChecks, NameOnesThatKeepPartsOfThePreviousRecord) {
    auto driver = rows<Mixing>();
    EXPECT_THAT([&] { pipe_two<Mixing>(driver); },
                ThrowsMessage<TopologyError>(AllOf(HasSubstr("Serde<millrace::checked::Mixing>"),
                                                   HasSubstr("keeps parts"))));
}

TEST(DriverSerdeChecks, NameOnesWhoseViewDiffersFromTheirBytes) {
    auto driver = rows<Viewing>();
    EXPECT_THAT([&] { pipe_two<Viewing>(driver); },
                ThrowsMessage<TopologyError>(HasSubstr("view writes different bytes")));
}

TEST(DriverSerdeChecks, NameTheClassOfOneChosenAtRunTime) {
    auto driver = rows<Right>(std::make_shared<OverwritingSerde>());
    EXPECT_THAT([&] { pipe_two<Right>(driver); },
                ThrowsMessage<TopologyError>(HasSubstr("OverwritingSerde: serialize_to does not")));
}

TEST(DriverSerdeChecks, IgnoreOnesThatOnlyDeserialise) {
    StreamsBuilder builder;
    builder.stream<std::string, ReadOnly>("in")
        .map_values([](const ReadOnly& value) { return value.name; })
        .to("out");
    testing::TopologyTestDriver driver(std::move(builder).build());
    pipe_two<ReadOnly>(driver);
    EXPECT_THAT((driver.output_topic<std::string, std::string>("out").drain_values()),
                ElementsAre("a", "b"));
}

TEST(DriverSerdeChecks, AreNotMadeOutsideOfADriver) {
    EXPECT_EQ(detail::serde_checks, nullptr);
    auto driver = rows<Mixing>();
    EXPECT_THROW(pipe_two<Mixing>(driver), TopologyError);
    EXPECT_EQ(detail::serde_checks, nullptr);
}

}  // namespace checked
}  // namespace millrace
