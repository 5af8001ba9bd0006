// SPDX-License-Identifier: Apache-2.0

// Runs the programs of random topologies, like the recorder's RandomTopology.java: one statement
// per line, "result = operation arguments" or "to stream topic".
#include "store_calls.hpp"

#include <functional>
#include <map>
#include <stdexcept>

namespace millrace::parity {
namespace {

using std::chrono::milliseconds;
using Stream = KStream<Str, Str>;
using Table = KTable<std::string, std::string>;
using Rows = Materialized<std::string, std::string>;
using Counts = Materialized<std::string, std::int64_t>;

/// Keeps values short, so that loops of joins do not grow without limit.
Str joined(const Str& left, const Str& right) {
    return (text(left) + "+" + text(right)).substr(0, 16);
}

Str nullable(const std::string* value) {
    return value != nullptr ? Str(*value) : std::nullopt;
}

const auto kInner = [](const std::string& l, const std::string& r) { return joined(l, r); };
const auto kLeft = [](const std::string& l, const std::string* r) {
    return joined(l, nullable(r));
};
const auto kOuter = [](const std::string* l, const std::string* r) {
    return joined(nullable(l), nullable(r));
};
const auto kFirst = [](const std::string& v) { return head(v); };

/// "-": no store, but serdes, which also causes a store.
template <class V>
Materialized<std::string, V> materialized(const std::string& store) {
    Materialized<std::string, V> options;
    options.store = store == "-" ? "" : store;
    options.materialize = true;
    return options;
}

/// The same where the recorder sets no options at all.
Rows if_named(const std::string& store) {
    return store == "-" ? Rows() : materialized<std::string>(store);
}

JoinWindows within(const std::string& difference, const std::string& grace) {
    return JoinWindows::of(milliseconds(parse_long(difference)))
        .grace(milliseconds(parse_long(grace)));
}

Str first_or(const Str& key, const Str& value) {
    return value ? Str(head(value)) : key;
}

class Interpreter {
  public:
    explicit Interpreter(Case& c) : case_(c) {}

    void run(const std::string& statement) {
        const Words w = words_of(statement);
        if (w.at(0) == "to") {
            streams_.at(w.at(1)).to(w.at(2));
            return;
        }
        const Words arguments(w.begin() + 3, w.end());
        if (const auto make = kStreams.find(w.at(2)); make != kStreams.end()) {
            streams_.insert_or_assign(w[0], make->second(*this, arguments));
        } else if (const auto table = kTables.find(w.at(2)); table != kTables.end()) {
            tables_.insert_or_assign(w[0], table->second(*this, arguments));
        } else {
            throw std::invalid_argument("unknown statement: " + statement);
        }
    }

  private:
    using MakeStream = std::function<Stream(Interpreter&, const Words&)>;
    using MakeTable = std::function<Table(Interpreter&, const Words&)>;

    const Stream& s(const std::string& name) const { return streams_.at(name); }
    const Table& t(const std::string& name) const { return tables_.at(name); }

    Stream window_count(const Words& w) const {
        const auto windows =
            TimeWindows::of(milliseconds(parse_long(w[1]))).grace(milliseconds(parse_long(w[2])));
        return s(w[0])
            .group_by_key()
            .windowed_by(windows)
            .count()
            .to_stream_by([](const Windowed<std::string>& k, const auto&) { return Str(k.key); })
            .map_values([](std::int64_t n) { return Str("w" + std::to_string(n)); });
    }

    Stream session_count(const Words& w) const {
        const auto windows = SessionWindows::of(milliseconds(parse_long(w[1])))
                                 .grace(milliseconds(parse_long(w[2])));
        return s(w[0])
            .group_by_key()
            .windowed_by(windows)
            .count()
            .to_stream_by([](const Windowed<std::string, SessionWindow>& k, const auto&) {
                return Str(k.key);
            })
            .map_values([](const Long& n) { return n ? Str("s" + text(n)) : std::nullopt; });
    }

    template <Removals kRemovals>
    static Table numbered(const KTable<std::string, std::int64_t, kRemovals>& counts) {
        return Table(counts.map_values([](std::int64_t n) { return "n" + std::to_string(n); }));
    }

    static const std::map<std::string, MakeStream> kStreams;
    static const std::map<std::string, MakeTable> kTables;

    Case& case_;
    std::map<std::string, Stream> streams_;
    std::map<std::string, Table> tables_;
};

const std::map<std::string, Interpreter::MakeStream> Interpreter::kStreams = {
    {"stream", [](Interpreter& i, const Words& w) { return i.case_.stream(w[0]); }},
    {"filter",
     [](Interpreter& i, const Words& w) {
         return i.s(w[0]).filter([b = w[1]](const Str& v) { return !v || !v->starts_with(b); });
     }},
    {"mapValues",
     [](Interpreter& i, const Words& w) {
         return i.s(w[0]).map_values(
             [b = w[1]](const Str& v) { return !v || v->size() > 12 ? v : Str(*v + b); });
     }},
    {"selectKey", [](Interpreter& i, const Words& w) { return i.s(w[0]).select_key(first_or); }},
    {"twice",
     [](Interpreter& i, const Words& w) {
         return i.s(w[0]).flat_map_values(
             [](const Str& v) { return v ? std::vector<Str>{v, *v + "2"} : std::vector<Str>(); });
     }},
    {"merge", [](Interpreter& i, const Words& w) { return i.s(w[0]).merge(i.s(w[1])); }},
    {"repartition",
     [](Interpreter& i, const Words& w) { return i.s(w[0]).repartition({.name = w[1]}); }},
    {"sessionCount", [](Interpreter& i, const Words& w) { return i.session_count(w); }},
    {"windowCount", [](Interpreter& i, const Words& w) { return i.window_count(w); }},
    {"join", [](Interpreter& i,
                const Words& w) { return i.s(w[0]).join(i.s(w[1]), kInner, within(w[2], w[3])); }},
    {"leftJoin",
     [](Interpreter& i, const Words& w) {
         return i.s(w[0]).left_join(i.s(w[1]), kLeft, within(w[2], w[3]));
     }},
    {"outerJoin",
     [](Interpreter& i, const Words& w) {
         return i.s(w[0]).outer_join(i.s(w[1]), kOuter, within(w[2], w[3]));
     }},
    {"joinTable", [](Interpreter& i, const Words& w) { return i.s(w[0]).join(i.t(w[1]), kInner); }},
    {"leftJoinTable",
     [](Interpreter& i, const Words& w) { return i.s(w[0]).left_join(i.t(w[1]), kLeft); }},
    {"toStream", [](Interpreter& i, const Words& w) { return Stream(i.t(w[0]).to_stream()); }}};

const std::map<std::string, Interpreter::MakeTable> Interpreter::kTables = {
    {"count",
     [](Interpreter& i, const Words& w) {
         return numbered(i.s(w[0]).group_by_key().count(materialized<std::int64_t>(w[1])));
     }},
    {"countBy",
     [](Interpreter& i, const Words& w) {
         return numbered(i.s(w[0]).group_by(first_or).count(materialized<std::int64_t>(w[1])));
     }},
    {"reduce",
     [](Interpreter& i, const Words& w) {
         return Table(i.s(w[0]).group_by_key().reduce(
             [](const std::string& x, const std::string& y) { return x.size() > 8 ? y : x + y; },
             materialized<std::string>(w[1])));
     }},
    {"toTable", [](Interpreter& i,
                   const Words& w) { return i.s(w[0]).to_table(materialized<std::string>(w[1])); }},
    {"table",
     [](Interpreter& i, const Words& w) {
         return i.case_.b.table<std::string, std::string>(w[0], if_named(w[1]));
     }},
    {"filterTable",
     [](Interpreter& i, const Words& w) {
         return i.t(w[0]).filter([d = w[2]](const std::string& v) { return !v.starts_with(d); },
                                 if_named(w[1]));
     }},
    {"mapTable",
     [](Interpreter& i, const Words& w) {
         return Table(i.t(w[0]).map_values(
             [d = w[2]](const std::string& v) { return v.size() > 12 ? v : v + d; },
             if_named(w[1])));
     }},
    {"joinTables",
     [](Interpreter& i, const Words& w) {
         return i.t(w[0]).join(i.t(w[1]), kInner, if_named(w[2]));
     }},
    {"leftJoinTables",
     [](Interpreter& i, const Words& w) {
         return i.t(w[0]).left_join(i.t(w[1]), kLeft, if_named(w[2]));
     }},
    {"outerJoinTables",
     [](Interpreter& i, const Words& w) {
         return i.t(w[0]).outer_join(i.t(w[1]), kOuter, if_named(w[2]));
     }},
    {"foreignJoin",
     [](Interpreter& i, const Words& w) {
         return i.t(w[0]).join(i.t(w[1]), kFirst, kInner, {}, materialized<std::string>(w[2]));
     }},
    {"foreignLeftJoin",
     [](Interpreter& i, const Words& w) {
         return i.t(w[0]).left_join(i.t(w[1]), kFirst, kLeft, {}, materialized<std::string>(w[2]));
     }},
    {"suppress",
     [](Interpreter& i, const Words& w) {
         return Table(i.t(w[0]).suppress(
             UntilTimeLimit{.limit = milliseconds(parse_long(w[1])), .max_records = 3}));
     }},
    {"countTableBy", [](Interpreter& i, const Words& w) {
         return numbered(i.t(w[0])
                             .group_by([](const std::string& v) { return std::pair(head(v), v); })
                             .count(materialized<std::int64_t>(w[1])));
     }}};

Topology any(Case& c) {
    Interpreter interpreter(c);
    for (const std::string& statement : c.program) {
        interpreter.run(statement);
    }
    return c.build();
}

}  // namespace

Scenarios random_topology() {
    // The programs are valid: only Kafka Streams' bug refuses any.
    return {{"random-topology-any", any, "StreamsException"}};
}

}  // namespace millrace::parity
