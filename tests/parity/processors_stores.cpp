// SPDX-License-Identifier: Apache-2.0

// Processors with stores, as in the recorder's Processors.java.
#include "millrace/state/stores.hpp"
#include "processors.hpp"
#include "scenario.hpp"

namespace millrace::parity {
namespace {

using Strings = KeyValueStore<std::string, std::string>;
using Numbers = KeyValueStore<std::string, std::int64_t>;

Strings strings(StrContext& ctx, const char* name) {
    return ctx.store<Strings>(name);
}

auto string_store(KeyValueStoreSupplier supplier) {
    return stores::key_value_store<std::string, std::string>(std::move(supplier));
}

auto number_store(const char* name) {
    return stores::key_value_store<std::string, std::int64_t>(
        stores::persistent_key_value_store(name));
}

void put(Strings store, const Str& key, const Str& value) {
    if (value) {
        store.put(key.value(), *value);
    } else {
        store.erase(key.value());
    }
}

Topology punctuate_store(Case& c) {
    c.b.add_state_store(string_store(stores::in_memory_key_value_store("pending")));
    c.stream("in")
        .process(timed(
                     [](StrContext& ctx) {
                         ctx.schedule(every(40, PunctuationType::kWallClock), [&ctx](Timestamp t) {
                             Strings store = strings(ctx, "pending");
                             for (auto it = store.all(); it.valid(); it.next()) {
                                 emit(ctx, it.row().key, it.row().value, t);
                                 store.erase(it.row().key);
                             }
                             ctx.request_commit();
                         });
                     },
                     [](const StrRecord& r, StrContext& ctx) {
                         if (!r.key) {
                             return;
                         }
                         Strings store = strings(ctx, "pending");
                         const Str old = store.get(*r.key);
                         put(store, r.key, old ? Str(*old + "," + text(r.value)) : r.value);
                     }),
                 {.stores = {"pending"}})
        .to("out");
    return c.build();
}

Topology shared_store(Case& c) {
    c.b.add_state_store(string_store(stores::persistent_key_value_store("shared")));
    c.stream("writes").process(simple([](const StrRecord& r, StrContext& ctx) {
                                   if (r.key) {
                                       put(strings(ctx, "shared"), r.key, r.value);
                                   }
                               }),
                               {.stores = {"shared"}});
    c.stream("reads")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
                     emit_value(ctx, r, r.key ? text(strings(ctx, "shared").get(*r.key)) : "?");
                 }),
                 {.stores = {"shared"}})
        .to("out");
    return c.build();
}

Topology supplier_with_stores(Case& c) {
    c.stream("in")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
                     auto store = ctx.store<Numbers>("seen");
                     const std::string key = r.key.value_or("none");
                     const std::int64_t n = store.get(key).value_or(0) + 1;
                     store.put(key, n);
                     emit_value(ctx, r, "n" + std::to_string(n));
                 }),
                 {.name = "counter", .added_stores = {number_store("seen")}})
        .to("out");
    return c.build();
}

class Settings final : public Processor<Str, Str> {
  public:
    void process(const StrRecord& r) override {
        if (r.key) {
            put(context().store<Strings>("settings"), r.key,
                r.value ? Str(upper_case(r.value)) : std::nullopt);
        }
    }
};

Topology global_store(Case& c) {
    c.b.add_global_store<Str, Str>(
        string_store(stores::in_memory_key_value_store("settings")).without_logging(), "config",
        [] { return std::make_unique<Settings>(); });
    c.stream("in")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
            emit_value(
                ctx, r,
                text(r.value) + ":" + (r.key ? text(strings(ctx, "settings").get(*r.key)) : "?"));
        }))
        .to("out");
    return c.build();
}

class Lengths final : public FixedKeyProcessor<Str, Str, Str> {
  public:
    void process(const FixedKeyRecord<Str, Str>& r) override {
        if (!r.key() || !r.value()) {
            return;
        }
        auto store = context().store<Numbers>("lengths");
        const std::int64_t n =
            store.get(*r.key()).value_or(0) + static_cast<std::int64_t>(r.value()->size());
        store.put(*r.key(), n);
        context().forward(r.with_value(Str(*r.value() + "/" + std::to_string(n))));
    }
};

Topology process_values_store(Case& c) {
    c.b.add_state_store(number_store("lengths"));
    c.stream("in")
        .process_values([] { return std::make_unique<Lengths>(); }, {.stores = {"lengths"}})
        .to("out");
    return c.build();
}

Topology unconnected_store(Case& c) {
    c.b.add_state_store(string_store(stores::in_memory_key_value_store("kv")));
    c.stream("in").process(timed([](StrContext& ctx) { strings(ctx, "kv"); }, pass_on)).to("out");
    c.stream("other").process(simple(ignore), {.stores = {"kv"}});
    return c.build();
}

Topology global_store_read_only(Case& c) {
    c.b.global_table<std::string, std::string>("global", {.store = "everywhere"});
    c.stream("in")
        .process(simple([](const StrRecord& r, StrContext& ctx) {
            auto store =
                ctx.store<TimestampedKeyValueStore<std::string, std::string>>("everywhere");
            ctx.forward(r);
            if (r.key == "d") {
                store.erase("d");
            }
        }))
        .to("out");
    return c.build();
}

}  // namespace

Scenarios processors_stores() {
    return {{"processors-punctuate-store", punctuate_store},
            {"processors-shared-store", shared_store},
            {"processors-supplier-with-stores", supplier_with_stores},
            {"processors-global-store", global_store},
            {"processors-process-values-store", process_values_store},
            {"processors-unconnected-store", unconnected_store},
            {"processors-global-store-read-only", global_store_read_only}};
}

}  // namespace millrace::parity
