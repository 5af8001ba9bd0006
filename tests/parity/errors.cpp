// SPDX-License-Identifier: Apache-2.0

// Records that cannot be read or processed, as in the recorder's Errors.java.
#include "scenario.hpp"

#include <stdexcept>

namespace millrace::parity {
namespace {

Topology deserialize(Case& c) {
    c.b.stream<Str, Long>("in").to("out");
    return c.build();
}

Topology deserialize_key(Case& c) {
    c.b.stream<Long, Str>("in").to("out");
    return c.build();
}

Topology process_fail(Case& c) {
    c.stream("in")
        .map_values([](const Str& v) {
            if (starts_with(v, "t")) {
                throw std::out_of_range("substring past the end");
            }
            return v;
        })
        .to("out");
    return c.build();
}

Topology process_continue(Case& c) {
    const auto in = c.stream("in");
    in.to("before");
    in.flat_map_values(
          [](const Str& v) { return std::vector<Str>{v, v.value() + "x", v.value() + "y"}; })
        .map_values([](const Str& v) {
            if (starts_with(v, "t") && v->ends_with("x")) {
                throw std::runtime_error(*v);
            }
            return v;
        })
        .to("out");
    in.to("after");
    return c.build();
}

Topology null_pointer(Case& c) {
    c.stream("in").map_values([](const Str& v) -> Str { return upper_case(v); }).to("out");
    return c.build();
}

Topology negative_timestamp(Case& c) {
    c.stream("in").to("out");
    return c.build();
}

/// In Java's scenario, the sink has a serde for strings but gets numbers. That does not compile
/// here, so the sink has a serde that refuses every number.
class NoNumbers final : public CustomSerde<std::int64_t> {
  public:
    Bytes serialize(const std::int64_t&) const override { throw SerdeError("not a string"); }
    std::int64_t deserialize(BytesView) const override { throw SerdeError("not a string"); }
};

Topology sink_wrong_type(Case& c) {
    c.stream("in")
        .map_values([](const Str& v) { return v ? Long(v->size()) : std::nullopt; })
        .to("out", {.value_serde = std::make_shared<NoNumbers>()});
    return c.build();
}

/// Java's scenario returns null instead of a list; here an exception is the closest equivalent.
Topology null_list(Case& c) {
    c.stream("in")
        .flat_map_values([](const Str& v) { return std::vector<Str>{v.value()}; })
        .to("out");
    return c.build();
}

Topology process_dead_letter(Case& c) {
    c.stream("in")
        .filter([](const Str&) { return true; })
        .map_values([](const Str& v) {
            if (!v || v->starts_with("t")) {
                throw std::runtime_error(text(v));
            }
            return v;
        })
        .to("out");
    return c.build();
}

Topology aggregate_continue(Case& c) {
    c.stream("in")
        .group_by_key()
        .aggregate(std::int64_t{0},
                   [](std::int64_t sum, const std::string& v) { return sum + parse_long(v); })
        .to_stream()
        .to("out");
    return c.build();
}

Topology process_continue_below_repartition(Case& c) {
    c.stream("in")
        .select_key([](const Str& v) { return Str(head(v)); })
        .repartition()
        .map_values([](const Str& k, const Str& v) {
            if (k == "t") {
                throw std::runtime_error(text(v));
            }
            return v;
        })
        .to("out");
    return c.build();
}

Topology grouped_table_nulls(Case& c) {
    c.table("in")
        .group_by([](const std::string& v) { return std::pair(head(v), v); })
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

}  // namespace

Scenarios errors() {
    return {{"errors-deserialize-fail", deserialize},
            {"errors-deserialize-dead-letter", deserialize},
            {"errors-deserialize-key-continue", deserialize_key},
            {"errors-process-fail", process_fail},
            {"errors-process-continue", process_continue},
            {"errors-null-pointer", null_pointer},
            {"errors-negative-timestamp", negative_timestamp},
            {"errors-sink-wrong-type", sink_wrong_type},
            {"errors-null-list", null_list},
            {"errors-process-dead-letter", process_dead_letter},
            {"errors-aggregate-continue", aggregate_continue},
            {"errors-process-continue-below-repartition", process_continue_below_repartition},
            {"errors-grouped-table-nulls", grouped_table_nulls}};
}

}  // namespace millrace::parity
