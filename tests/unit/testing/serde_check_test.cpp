// SPDX-License-Identifier: Apache-2.0
#include "millrace/testing/serde_check.hpp"

#include "millrace/core/error.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/string.hpp"
#include "millrace/serde/uuid.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

namespace millrace {
namespace tried {

/// A number whose serde each test defines.
struct Number {
    std::int64_t value = 0;

    bool operator==(const Number&) const = default;
};

}  // namespace tried

template <>
struct Serde<tried::Number> {
    static Bytes serialize(const tried::Number& number) {
        return Serde<std::int64_t>::serialize(number.value);
    }
    static tried::Number deserialize(BytesView bytes) {
        return {Serde<std::int64_t>::deserialize(bytes)};
    }
};

namespace tried {

using testing::check_serde;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::SerdeCheckOptions;

class NumberSerde final : public FastCustomSerde<Number> {
  public:
    std::function<void(const Number&, Bytes&)> write = [](const Number& number, Bytes& out) {
        Serde<std::int64_t>::serialize_to(number.value, out);
    };
    std::function<void(BytesView, Number&)> read = [](BytesView bytes, Number& out) {
        Serde<std::int64_t>::deserialize_into(bytes, out.value);
    };

    void serialize_to(const Number& number, Bytes& out) const override { write(number, out); }
    void deserialize_into(BytesView bytes, Number& out) const override { read(bytes, out); }
};

std::vector<std::string> findings(NumberSerde serde, SerdeCheckOptions<Number> options = {}) {
    options.serde = std::make_shared<NumberSerde>(std::move(serde));
    return check_serde<Number>({{1}, {-70'000}}, options);
}

TEST(SerdeCheck, AcceptsTheBuiltInSerdes) {
    EXPECT_THAT(check_serde<Number>({{1}, {2}}), IsEmpty());
    EXPECT_THAT(check_serde<std::int32_t>({0, -1, 70'000}), IsEmpty());
    EXPECT_THAT(check_serde<bool>({false, true}), IsEmpty());
    EXPECT_THAT(check_serde<double>({0.5, -0.0, std::numeric_limits<double>::quiet_NaN()}),
                IsEmpty());
    EXPECT_THAT(check_serde<std::string>({"", "a", std::string(1000, 'b'), {"\0", 1}}), IsEmpty());
    EXPECT_THAT(check_serde<Uuid>({Uuid{}, Uuid::parse("01234567-89ab-cdef-fedc-ba9876543210")}),
                IsEmpty());
    EXPECT_THAT(findings({}), IsEmpty());
}

TEST(SerdeCheck, ReportsAnEmptyListOfValues) {
    EXPECT_THAT(check_serde<Number>({}), ElementsAre(HasSubstr("no values were given")));
}

TEST(SerdeCheck, FindsValuesThatChangeInARoundTrip) {
    NumberSerde serde;
    serde.read = [](BytesView bytes, Number& out) {
        out.value = std::abs(Serde<std::int64_t>::deserialize(bytes));
    };
    EXPECT_THAT(findings(serde),
                ElementsAre(HasSubstr("value 1 (0xfffffffffffeee90): is deserialised as")));
    NumberSerde halved;
    halved.write = [](const Number& number, Bytes& out) {
        Serde<std::int64_t>::serialize_to(number.value / 1000 * 1000, out);
    };
    EXPECT_THAT(findings(halved),
                ElementsAre(HasSubstr("is deserialised as a value that is not equal")));
}

TEST(SerdeCheck, FindsValuesThatCannotBeSerialisedOrDeserialised) {
    NumberSerde serde;
    serde.write = [](const Number&, Bytes&) { throw SerdeError("no ink"); };
    EXPECT_THAT(findings(serde), Contains("value 0: cannot be serialised: no ink"));
    NumberSerde unread;
    unread.read = [](BytesView, Number&) { throw SerdeError("no light"); };
    EXPECT_THAT(findings(unread), Contains(HasSubstr("cannot be deserialised: no light")));
}

TEST(SerdeCheck, FindsBytesThatDifferFromCallToCall) {
    NumberSerde serde;
    serde.write = [calls = std::make_shared<int>(0)](const Number&, Bytes& out) {
        out += std::to_string(++*calls);
    };
    EXPECT_THAT(findings(serde), Contains(HasSubstr("gives different bytes in a second call")));
}

TEST(SerdeCheck, FindsEqualValuesWithDifferentBytes) {
    const SerdeOf<double> serde;
    EXPECT_THAT(
        check_serde<double>({0.0, -0.0}),
        ElementsAre(HasSubstr("equals value 0 but gives different bytes: 0x0000000000000000")));
}

TEST(SerdeCheck, FindsABufferThatIsOverwritten) {
    NumberSerde serde;
    serde.write = [](const Number& number, Bytes& out) {
        out = Serde<std::int64_t>::serialize(number.value);
    };
    EXPECT_THAT(findings(serde), Contains(HasSubstr("serialize_to does not append")));
    NumberSerde counting;
    counting.write = [](const Number& number, Bytes& out) {
        Serde<std::int64_t>::serialize_to(number.value + (out.empty() ? 0 : 1), out);
    };
    EXPECT_THAT(findings(counting), Contains(HasSubstr("a buffer that is not empty")));
}

TEST(SerdeCheck, FindsPartsOfThePreviousValue) {
    NumberSerde serde;
    serde.read = [](BytesView bytes, Number& out) {
        const auto read = Serde<std::int64_t>::deserialize(bytes);
        out.value = out.value == 0 ? read : out.value;
    };
    EXPECT_THAT(findings(serde), Contains(HasSubstr("keeps parts of value 1")));
}

TEST(SerdeCheck, FindsTrailingBytesThatAreIgnoredUnlessTheFormatDoes) {
    NumberSerde serde;
    serde.read = [](BytesView bytes, Number& out) {
        Serde<std::int64_t>::deserialize_into(bytes.substr(0, 8), out.value);
    };
    EXPECT_THAT(findings(serde), Contains(HasSubstr("trailing bytes are ignored")));
    EXPECT_THAT(findings(serde, {.accepts_trailing_bytes = true}), IsEmpty());
}

TEST(SerdeCheck, FindsTruncatedBytesThatAreAcceptedUnlessTheFormatDoes) {
    NumberSerde serde;
    serde.read = [](BytesView bytes, Number& out) {
        if (bytes.size() > 8) {
            throw SerdeError("too long");
        }
        Serde<std::int64_t>::deserialize_into(Bytes(bytes) + Bytes(8 - bytes.size(), '\0'),
                                              out.value);
    };
    EXPECT_THAT(findings(serde), Contains(HasSubstr("the first 0 of 8 are read as")));
    EXPECT_THAT(findings(serde, {.accepts_truncated_bytes = true}), IsEmpty());
}

TEST(SerdeCheck, FindsErrorsThatNoHandlerCatches) {
    NumberSerde serde;
    serde.read = [](BytesView bytes, Number& out) {
        if (bytes.size() != 8) {
            throw 8;
        }
        Serde<std::int64_t>::deserialize_into(bytes, out.value);
    };
    EXPECT_THAT(findings(serde),
                Contains(HasSubstr("throws an exception not derived from std::exception")));
}

}  // namespace tried
}  // namespace millrace
