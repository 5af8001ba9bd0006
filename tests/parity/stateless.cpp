// SPDX-License-Identifier: Apache-2.0

// Stateless operators, as in the recorder's Stateless.java.
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using Pair = std::pair<Str, Str>;

Topology filter(Case& c) {
    const auto in = c.stream("in");
    in.filter([](const Str& v) {
          return !v || starts_with(v, "p") || starts_with(v, "q");
      }).to("kept");
    in.filter_not([](const Str& k, const Str&) { return k == "a"; }).to("not-a");
    return c.build();
}

Topology map(Case& c) {
    const auto in = c.stream("in");
    in.map([](const Str& k, const Str& v) { return Pair(v, k); }).to("swapped");
    in.map([](const Str& k, const Str& v) {
          return Pair(text(k) + "!", v ? Str(upper_case(v)) : std::nullopt);
      }).to("upper");
    return c.build();
}

Topology map_values(Case& c) {
    const auto in = c.stream("in");
    in.map_values([](const Str& v) -> Str { return v ? *v + *v : "NULL"; }).to("plain");
    in.map_values([](const Str& k, const Str& v) -> Str {
          return text(k) + "=" + text(v);
      }).to("with-key");
    return c.build();
}

Topology flat_map(Case& c) {
    c.stream("in")
        .flat_map([](const Str& k, const Str& v) -> std::vector<Pair> {
            if (!v) {
                return {};
            }
            if (v->size() == 2) {
                return {{k, v}};
            }
            return {{v, k}, {k, v}, {std::nullopt, v}};
        })
        .to("out");
    return c.build();
}

std::vector<Str> words_of(const Str& line) {
    std::vector<Str> words;
    for (std::size_t at = 0; line && at <= line->size();) {
        const std::size_t end = std::min(line->find(' ', at), line->size());
        words.emplace_back(line->substr(at, end - at));
        at = end + 1;
    }
    return words;
}

Topology flat_map_values(Case& c) {
    c.stream("in").flat_map_values(words_of).to("words");
    return c.build();
}

Topology select_key(Case& c) {
    c.stream("in")
        .select_key([](const Str& v) { return v ? Str(head(v)) : std::nullopt; })
        .to("out");
    return c.build();
}

Topology peek_foreach(Case& c) {
    const auto in = c.stream("in");
    in.peek([&c](const Str& k, const Str& v) {
          c.log("peek " + text(k) + "=" + text(v));
      }).to("out");
    in.foreach ([&c](const Str& k, const Str& v) { c.log("foreach " + text(k) + "=" + text(v)); });
    return c.build();
}

auto prefixed(const std::string& prefix) {
    return [prefix](const Str& v) -> Str { return prefix + text(v); };
}

Topology merge(Case& c) {
    const auto x = c.stream("x");
    const auto y = c.stream("y");
    const auto z = c.stream("z");
    x.map_values(prefixed("x:")).merge(y.map_values(prefixed("y:"))).merge(z).to("out");
    return c.build();
}

Topology merge_self(Case& c) {
    const auto in = c.stream("in");
    in.merge(in.filter([](const Str& v) { return v.has_value(); })).to("out");
    return c.build();
}

Topology split_default(Case& c) {
    const auto branches =
        c.stream("in")
            .split({.name = "cut-"})
            .branch([](const Str& v) { return !v; }, {.name = "nulls"})
            .branch([](const Str& v) { return starts_with(v, "p") || starts_with(v, "q"); })
            .branch([](const Str& v) { return starts_with(v, "p"); }, {.name = "never"})
            .otherwise({.name = "rest"});
    branches.at("cut-nulls").to("nulls");
    branches.at("cut-2").to("pq");
    branches.at("cut-never").to("never");
    branches.at("cut-rest").to("rest");
    return c.build();
}

Topology split_no_default(Case& c) {
    const auto branches = c.stream("in")
                              .split()
                              .branch([](const Str& k, const Str&) { return k == "a"; })
                              .branch([](const Str& k, const Str&) { return k == "b"; })
                              .no_default_branch();
    for (const auto& [name, branch] : branches) {
        branch.map_values(prefixed(std::to_string(name.size()) + ":")).to("out");
    }
    return c.build();
}

Topology split_functions(Case& c) {
    using Stream = KStream<Str, Str>;
    const auto branches =
        c.stream("in")
            .split({.name = "s-"})
            .branch([](const Str& k, const Str&) { return k == "a"; },
                    {.consumer = [](Stream stream) { stream.to("a"); }})
            .branch([](const Str& k, const Str&) { return k == "b"; },
                    {.name = "fn",
                     .function = [](Stream stream) { return stream.map_values(prefixed("fn:")); }})
            .otherwise();
    branches.at("s-fn").to("b");
    branches.at("s-0").to("rest");
    return c.build();
}

Topology dynamic_topic(Case& c) {
    c.stream("in").to([](const Str& k, const Str&, const RecordContextView&) -> std::string {
        return !k ? "none" : k == "a" ? "topic-a" : "topic-other";
    });
    return c.build();
}

Topology dynamic_topic_context(Case& c) {
    const auto x = c.stream("x");
    const auto y = c.stream("y");
    x.merge(y).to([](const Str&, const Str&, const RecordContextView& context) {
        return context.topic + "-" + std::to_string(context.offset % 3) + "-" +
               std::to_string(milliseconds_of(context.timestamp) % 2);
    });
    return c.build();
}

Topology depth_first(Case& c) {
    const auto in = c.stream("in");
    const auto doubled = in.flat_map_values(
        [](const Str& v) { return std::vector<Str>{text(v) + "1", text(v) + "2"}; });
    doubled.to("first");
    doubled.map_values([](const Str& v) -> Str { return text(v) + "m"; }).to("second");
    in.to("third");
    doubled.filter([](const Str& v) { return !starts_with(v, "p"); }).to("fourth");
    return c.build();
}

Topology two_topics_one_source(Case& c) {
    c.b.stream<Str, Str>({"x", "y"})
        .map_values([](const Str& v) -> Str { return text(v) + "!"; })
        .to("out");
    return c.build();
}

Topology same_topic_twice(Case& c) {
    const auto one = c.stream("in");
    const auto two = c.stream("in");
    two.to("two");
    one.to("one");
    return c.build();
}

Topology written_and_read(Case& c) {
    c.stream("in").filter([](const Str& v) { return v.has_value(); }).to("loop");
    c.stream("loop").map_values(prefixed("again ")).to("out");
    return c.build();
}

Topology extractor(Case& c) {
    c.b.stream<Str, Str>("in", {.timestamp =
                                    [](const ConsumedRecord<Str, Str>& record, Timestamp) {
                                        return timestamp_of(parse_long(record.value.value()));
                                    }})
        .to("out");
    return c.build();
}

Topology extractor_partition_time(Case& c) {
    c.b.stream<Str, Str>(
           "in",
           {.timestamp =
                [&c](const ConsumedRecord<Str, Str>& record, Timestamp partition_time) {
                    c.log("partition time " + std::to_string(milliseconds_of(partition_time)));
                    return record.timestamp;
                }})
        .to("out");
    return c.build();
}

Topology log_and_skip(Case& c) {
    c.b.stream<Str, Str>("in", {.timestamp = TimestampPolicy::kSkip}).to("out");
    return c.build();
}

Topology use_partition_time(Case& c) {
    c.b.stream<Str, Str>("in", {.timestamp = TimestampPolicy::kUsePartitionTime}).to("out");
    return c.build();
}

Topology long_serdes(Case& c) {
    c.b.stream<Long, Long>("in")
        .map([](const Long& k, const Long& v) {
            return std::pair<Long, Long>(k ? Long(*k * 1000) : std::nullopt,
                                         v ? Long(-*v) : std::nullopt);
        })
        .to("out");
    return c.build();
}

Topology integer_serdes(Case& c) {
    c.b.stream<Int, Int>("in")
        .filter([](const Int& v) { return !v || *v % 3 != 0; })
        .map_values([](const Int& v) { return v ? Int(*v - 10) : std::nullopt; })
        .to("out");
    return c.build();
}

Topology partitioner_drops(Case& c) {
    const auto in = c.stream("in");
    in.to("some", {.partitioner = [](const std::string&, const Str& k, const Str&, Partition) {
              return std::optional(k == "a" ? std::vector<Partition>() : std::vector<Partition>{0});
          }});
    in.to("all");
    return c.build();
}

Topology task_idle(Case& c) {
    const auto x = c.stream("x");
    const auto y = c.stream("y");
    x.merge(y).to("out");
    return c.build();
}

}  // namespace

Scenarios stateless() {
    return {{"stateless-filter", filter},
            {"stateless-map", map},
            {"stateless-map-values", map_values},
            {"stateless-flat-map", flat_map},
            {"stateless-flat-map-values", flat_map_values},
            {"stateless-select-key", select_key},
            {"stateless-peek-foreach", peek_foreach},
            {"stateless-merge", merge},
            {"stateless-merge-self", merge_self},
            {"stateless-split-default", split_default},
            {"stateless-split-no-default", split_no_default},
            {"stateless-split-functions", split_functions},
            {"stateless-dynamic-topic", dynamic_topic},
            {"stateless-dynamic-topic-context", dynamic_topic_context},
            {"stateless-depth-first", depth_first},
            {"stateless-two-topics-one-source", two_topics_one_source},
            {"stateless-same-topic-twice", same_topic_twice},
            {"stateless-written-and-read", written_and_read},
            {"stateless-extractor", extractor},
            {"stateless-extractor-partition-time", extractor_partition_time},
            {"stateless-log-and-skip", log_and_skip},
            {"stateless-use-partition-time", use_partition_time},
            {"stateless-long-serdes", long_serdes},
            {"stateless-integer-serdes", integer_serdes},
            {"stateless-partitioner-drops", partitioner_drops},
            {"stateless-task-idle", task_idle}};
}

}  // namespace millrace::parity
