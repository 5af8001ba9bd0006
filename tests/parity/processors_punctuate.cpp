// SPDX-License-Identifier: Apache-2.0

// Punctuators, as in the recorder's Processors.java.
#include "processors.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

constexpr auto kStream = PunctuationType::kStreamTime;
constexpr auto kWall = PunctuationType::kWallClock;

/// Forwards (key, prefix + time) whenever it is called.
Punctuator ticker(StrContext& ctx, const char* key, const char* prefix) {
    return [&ctx, key, prefix](Timestamp t) { emit(ctx, key, prefix + digits(t), t); };
}

Topology punctuate_stream_time(Case& c) {
    c.stream("in")
        .process(timed(
            [](StrContext& ctx) { ctx.schedule(every(20, kStream), ticker(ctx, "tick", "s")); },
            pass_on))
        .to("out");
    return c.build();
}

Topology punctuate_wall_clock(Case& c) {
    c.stream("in")
        .process(
            timed([](StrContext& ctx) { ctx.schedule(every(25, kWall), ticker(ctx, "tick", "w")); },
                  pass_on))
        .to("out");
    return c.build();
}

Topology punctuate_anchored(Case& c) {
    const auto anchored = [](std::int64_t start, std::int64_t interval, PunctuationType type) {
        PunctuationSchedule schedule = every(interval, type);
        schedule.start = timestamp_of(start);
        return schedule;
    };
    c.stream("in")
        .process(timed(
            [anchored](StrContext& ctx) {
                ctx.schedule(anchored(70, 30, kWall), ticker(ctx, "wall", "w"));
                ctx.schedule(anchored(15, 40, kStream), ticker(ctx, "stream", "s"));
            },
            ignore))
        .to("out");
    return c.build();
}

class Cancelling final : public Processor<Str, Str, Str, Str> {
  public:
    void init(StrContext& ctx) override {
        first_ = ctx.schedule(every(10, kStream), [this, &ctx](Timestamp t) {
            emit(ctx, "first", std::to_string(++calls_) + "@" + digits(t), t);
            if (calls_ == 3) {
                first_.cancel();
            }
        });
    }
    void process(const StrRecord& r) override {
        if (r.key == "a") {
            second_.cancel();
            second_ =
                context().schedule(every(30, kStream), [this, value = text(r.value)](Timestamp t) {
                    emit(context(), "second", "since " + value + "@" + digits(t), t);
                });
        }
    }

  private:
    Cancellable first_;
    Cancellable second_;
    int calls_ = 0;
};

Topology punctuate_cancel(Case& c) {
    c.stream("in").process([] { return std::make_unique<Cancelling>(); }).to("out");
    return c.build();
}

Topology punctuate_several(Case& c) {
    const auto logs = [&c](const char* what) {
        return [&c, what](Timestamp t) { c.log(what + digits(t)); };
    };
    c.stream("in")
        .process(timed(
            [logs](StrContext& ctx) {
                ctx.schedule(every(10, kStream), logs("stream 10 at "));
                ctx.schedule(every(15, kStream), logs("stream 15 at "));
                ctx.schedule(every(10, kWall), logs("wall 10 at "));
                ctx.schedule(every(20, kWall), logs("wall 20 at "));
            },
            [&c](const StrRecord& r, StrContext&) { c.log("record " + text(r.value)); }))
        .to("out");
    return c.build();
}

std::string place(StrContext& ctx) {
    const RecordMetadata at = ctx.record_metadata();
    return digits(ctx.stream_time()) + "/" + digits(ctx.wall_clock()) + " " +
           (at.topic.empty() ? "null" : at.topic) + "/" + std::to_string(at.partition) + "/" +
           std::to_string(at.offset);
}

Topology punctuate_context(Case& c) {
    c.stream("in")
        .process(timed(
            [](StrContext& ctx) {
                ctx.schedule(every(10, kStream),
                             [&ctx](Timestamp t) { emit(ctx, "s", place(ctx), t); });
                ctx.schedule(every(20, kWall),
                             [&ctx](Timestamp t) { emit(ctx, "w", place(ctx), t); });
            },
            pass_on))
        .to("out");
    return c.build();
}

Topology punctuate_then_group(Case& c) {
    c.stream("in")
        .process(timed(
            [](StrContext& ctx) {
                ctx.schedule(every(20, kWall), [&ctx](Timestamp t) { emit(ctx, "tick", "w", t); });
            },
            pass_on))
        .group_by_key()
        .count()
        .to_stream()
        .to("out");
    return c.build();
}

class Nesting final : public Processor<Str, Str, Str, Str> {
  public:
    void init(StrContext& ctx) override {
        ctx.schedule(every(50, kWall), [this, &ctx](Timestamp t) {
            emit(ctx, "parent", digits(t), t);
            child_.cancel();
            child_ = ctx.schedule(every(15, kWall), [&ctx, t](Timestamp u) {
                emit(ctx, "child", digits(t) + "/" + digits(u), u);
            });
        });
    }
    void process(const StrRecord&) override {}

  private:
    Cancellable child_;
};

Topology punctuate_nested(Case& c) {
    c.stream("in").process([] { return std::make_unique<Nesting>(); }).to("out");
    return c.build();
}

Topology punctuate_behind_repartition(Case& c) {
    c.stream("in")
        .flat_map_values(
            [](const Str& v) { return v ? std::vector<Str>{v, *v + "+"} : std::vector<Str>(); })
        .repartition({.name = "again"})
        .process(timed(
            [](StrContext& ctx) { ctx.schedule(every(20, kStream), ticker(ctx, "tick", "s")); },
            pass_on))
        .to("out");
    return c.build();
}

}  // namespace

Scenarios processors_punctuate() {
    return {{"processors-punctuate-stream-time", punctuate_stream_time},
            {"processors-punctuate-wall-clock", punctuate_wall_clock},
            {"processors-punctuate-anchored", punctuate_anchored},
            {"processors-punctuate-cancel", punctuate_cancel},
            {"processors-punctuate-several", punctuate_several},
            {"processors-punctuate-context", punctuate_context},
            {"processors-punctuate-then-group", punctuate_then_group},
            {"processors-punctuate-nested", punctuate_nested},
            {"processors-punctuate-behind-repartition", punctuate_behind_repartition}};
}

}  // namespace millrace::parity
