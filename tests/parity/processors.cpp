// SPDX-License-Identifier: Apache-2.0

// Processors and their context, as in the recorder's Processors.java.
#include "processors.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

Topology process(Case& c) {
    c.stream("in")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
            if (!r.value) {
                return;
            }
            ctx.forward(r);
            ctx.forward(r.with_key(r.value).with_value(r.key).with_timestamp(
                r.timestamp + std::chrono::milliseconds(1000)));
            emit(ctx, "new", r.value, timestamp_of(7));
        }))
        .to("out");
    return c.build();
}

Topology headers_in_place(Case& c) {
    const auto in = c.stream("in");
    in.process(simple([](const StrRecord& r, StrContext& ctx) {
          ctx.add_header("added", "1");
          ctx.forward(r);
      }))
        .to("first");
    in.to("second");
    in.process(simple([](const StrRecord& r, StrContext& ctx) {
          Headers copy = r.headers;
          copy.remove("added");
          copy.add("copy", "2");
          ctx.forward(r.with_headers(copy));
      }))
        .to("third");
    in.to("fourth");
    return c.build();
}

Topology timestamp_scope(Case& c) {
    const auto in = c.stream("in");
    in.process(simple([](const StrRecord& r, StrContext& ctx) {
          ctx.forward(r.with_timestamp(r.timestamp + std::chrono::milliseconds(5000)));
      }))
        .map_values([](const Str& v) -> Str { return text(v); })
        .to("later");
    in.to("original");
    return c.build();
}

Topology process_then_group(Case& c) {
    c.stream("in")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
                     if (r.value) {
                         ctx.forward(r.with_key(Str(head(r.value))));
                     }
                 }),
                 {.name = "rekey"})
        .group_by_key()
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

class Twice final : public FixedKeyProcessor<Str, Str, Str> {
  public:
    void process(const FixedKeyRecord<Str, Str>& r) override {
        if (r.value()) {
            context().forward(r.with_value(Str(*r.value() + "-1")));
            context().forward(r.with_value(Str(*r.value() + "-2"))
                                  .with_timestamp(r.timestamp() + std::chrono::milliseconds(3)));
        }
    }
};

Topology process_values_then_group(Case& c) {
    c.stream("in")
        .process_values([] { return std::make_unique<Twice>(); }, {.name = "twice"})
        .group_by_key()
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

Topology metadata(Case& c) {
    c.b.stream<Str, Str>({"x", "y"})
        .process(simple([](const StrRecord& r, StrContext& ctx) {
            const RecordMetadata place = ctx.record_metadata();
            emit_value(ctx, r,
                       place.topic + "/" + std::to_string(place.partition) + "/" +
                           std::to_string(place.offset));
        }))
        .to("out");
    return c.build();
}

Topology context_times(Case& c) {
    c.stream("in")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
            emit_value(ctx, r,
                       digits(ctx.stream_time()) + "/" + digits(ctx.wall_clock()) + "/" +
                           to_string(ctx.task_id()) + "/" + ctx.application_id());
        }))
        .to("out");
    return c.build();
}

Topology metadata_after_repartition(Case& c) {
    c.stream("in")
        .select_key([](const Str& v) { return v; })
        .repartition({.name = "again"})
        .process(simple([](const StrRecord& r, StrContext& ctx) {
            const RecordMetadata place = ctx.record_metadata();
            emit_value(
                ctx, r,
                place.topic + "/" + std::to_string(place.offset) + "/" + digits(ctx.stream_time()));
        }))
        .to("out");
    return c.build();
}

Topology two_sub_topologies(Case& c) {
    c.stream("x").to("out-x");
    c.stream("y").select_key([](const Str& v) { return v; }).repartition().to("out-y");
    return c.build();
}

Topology crossing_repartitions(Case& c) {
    const auto spread = c.stream("in").process(simple([](const StrRecord& r, StrContext& ctx) {
        for (const std::int64_t later : {30, 10, 20}) {
            ctx.forward(r.with_timestamp(r.timestamp + std::chrono::milliseconds(later)));
        }
    }));
    spread.repartition({.name = "up"})
        .map_values([](const Str& v) -> Str { return "up " + text(v); })
        .to("out");
    spread.filter([](const Str& k, const Str&) { return k == "a"; })
        .repartition({.name = "down"})
        .map_values([](const Str& v) -> Str { return "down " + text(v); })
        .to("out");
    return c.build();
}

class Place final : public FixedKeyProcessor<Str, Str, Str> {
  public:
    void process(const FixedKeyRecord<Str, Str>& r) override {
        const RecordMetadata place = context().record_metadata();
        context().forward(r.with_value(Str(place.topic + std::to_string(place.offset) + " " +
                                           digits(context().stream_time()))));
    }
};

Topology task_idle_three(Case& c) {
    const auto x = c.stream("x");
    const auto merged = x.merge(c.stream("y"));
    merged.merge(c.stream("z")).process_values([] { return std::make_unique<Place>(); }).to("out");
    return c.build();
}

Topology deserialize_continue(Case& c) {
    class Offsets final : public Processor<Str, Long, Str, Long> {
      public:
        explicit Offsets(Case& in) : case_(&in) {}
        void process(const Record<Str, Long>& r) override {
            case_->log("offset " + std::to_string(context().record_metadata().offset));
            context().forward(r);
        }

      private:
        Case* case_;
    };
    c.b.stream<Str, Long>("in").process([&c] { return std::make_unique<Offsets>(c); }).to("out");
    return c.build();
}

Topology negative_timestamp_in_processor(Case& c) {
    c.stream("in")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
            ctx.forward(r.with_timestamp(r.timestamp - std::chrono::milliseconds(10)));
        }))
        .to("out");
    return c.build();
}

}  // namespace

Scenarios processors() {
    return {{"processors-process", process},
            {"processors-headers-in-place", headers_in_place},
            {"processors-timestamp-scope", timestamp_scope},
            {"processors-process-then-group", process_then_group},
            {"processors-process-values-then-group", process_values_then_group},
            {"processors-metadata", metadata},
            {"processors-context-times", context_times},
            {"processors-metadata-after-repartition", metadata_after_repartition},
            {"processors-two-sub-topologies", two_sub_topologies},
            {"stateless-crossing-repartitions", crossing_repartitions},
            {"stateless-task-idle-three", task_idle_three},
            {"errors-deserialize-continue", deserialize_continue},
            {"errors-negative-timestamp-in-processor", negative_timestamp_in_processor}};
}

}  // namespace millrace::parity
