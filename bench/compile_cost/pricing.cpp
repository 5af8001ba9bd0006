// SPDX-License-Identifier: Apache-2.0

// The prices of instruments: a topology of the size of a real service, to measure what its author's
// compiler needs. bench/compile_cost/measure compiles it.
#include "millrace/millrace.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

struct Trade {
    std::string instrument;
    std::string client;
    double price = 0;
    std::int64_t quantity = 0;
};
struct Quote {
    double bid = 0;
    double ask = 0;
};
struct Instrument {
    std::string issuer;
    std::string currency;
};
struct Issuer {
    std::string name;
    double spread = 0;
};
struct Listed {
    Instrument instrument;
    Issuer issuer;
};
struct Volume {
    double turnover = 0;
    std::int64_t quantity = 0;
};
struct Priced {
    Trade trade;
    Quote quote;
};
struct Price {
    double value = 0;
    std::string currency;
};

}  // namespace

template <class T>
    requires std::is_same_v<T, Trade> || std::is_same_v<T, Quote> ||
             std::is_same_v<T, Instrument> || std::is_same_v<T, Issuer> ||
             std::is_same_v<T, Listed> || std::is_same_v<T, Volume> || std::is_same_v<T, Priced> ||
             std::is_same_v<T, Price>
struct millrace::Serde<T> {
    static millrace::Bytes serialize(const T&) { return {}; }
    static T deserialize(millrace::BytesView) { return {}; }
};

namespace {

using millrace::JoinWindows;
using millrace::KStream;
using millrace::KTable;
using millrace::SessionWindows;
using millrace::SlidingWindows;
using millrace::StreamsBuilder;
using millrace::TimeWindows;
using millrace::UntilWindowCloses;
using Text = std::string;

Volume with_trade(Volume volume, const Trade& trade) {
    volume.turnover += trade.price * static_cast<double>(trade.quantity);
    volume.quantity += trade.quantity;
    return volume;
}

void add_volumes(const KStream<Text, Trade>& trades) {
    const auto by_instrument = trades.group_by_key();
    by_instrument.windowed_by(TimeWindows::of(1min).grace(10s))
        .aggregate(Volume{}, with_trade, {.store = "volume-by-minute"})
        .suppress(UntilWindowCloses{.name = "minute"})
        .to_stream()
        .to("volumes-by-minute");
    by_instrument.windowed_by(TimeWindows::of(5min).advance_by(1min))
        .count({.store = "trades-by-5-minutes"})
        .to_stream()
        .to("trades-by-5-minutes");
    by_instrument.windowed_by(SlidingWindows::of(30s))
        .reduce([](Trade a, const Trade& b) { return a.price > b.price ? a : b; },
                {.store = "highest"})
        .to_stream()
        .map_values([](const std::optional<Trade>& trade) { return trade ? trade->price : 0.0; })
        .to("highest-prices");
    trades.group_by([](const Trade& trade) { return trade.client; }, {.name = "by-client"})
        .windowed_by(SessionWindows::of(5min).grace(1min))
        .aggregate(Volume{}, with_trade,
                   [](Volume a, const Volume& b) {
                       return Volume{a.turnover + b.turnover, a.quantity + b.quantity};
                   },
                   {.store = "client-sessions"})
        .to_stream()
        .to("client-sessions");
}

KTable<Text, Listed> list(StreamsBuilder& builder) {
    const auto instruments = builder.table<Text, Instrument>("instruments");
    const auto issuers = builder.table<Text, Issuer>("issuers");
    return instruments
        .filter([](const Instrument& instrument) { return !instrument.issuer.empty(); })
        .join(
            issuers, [](const Instrument& instrument) { return instrument.issuer; },
            [](const Instrument& instrument, const Issuer& issuer) {
                return Listed{instrument, issuer};
            },
            {}, {.store = "listed"});
}

millrace::Topology build() {
    StreamsBuilder builder;
    const auto trades = builder.stream<Text, Trade>("trades")
                            .filter([](const Trade& trade) { return trade.quantity > 0; })
                            .select_key([](const Trade& trade) { return trade.instrument; })
                            .repartition({.name = "trades-by-instrument"});
    const auto quotes = builder.stream<Text, Quote>("quotes");
    const auto listed = list(builder);
    add_volumes(trades);

    const auto priced =
        trades.left_join(quotes,
                         [](const Trade& trade, const Quote* quote) {
                             return Priced{trade, quote != nullptr ? *quote : Quote{}};
                         },
                         JoinWindows::of(5s), {.name = "priced"});
    const auto prices =
        priced
            .join(listed,
                  [](const Priced& priced_trade, const Listed& where) {
                      return Price{priced_trade.trade.price + where.issuer.spread,
                                   where.instrument.currency};
                  })
            .group_by_key()
            .reduce([](const Price&, const Price& latest) { return latest; }, {.store = "prices"});
    prices
        .left_join(listed,
                   [](const Price& price, const Listed* where) {
                       return Price{price.value, where != nullptr ? where->issuer.name : Text()};
                   })
        .to_stream()
        .to("issuer-prices");
    prices.to_stream()
        .flat_map_values([](const Price& price) { return std::vector<double>{price.value}; })
        .peek([](const Text&, double) {})
        .to("price-points");
    auto branches = trades.split({.name = "size-"});
    branches.branch([](const Trade& trade) { return trade.quantity > 1'000; }, {.name = "large"});
    branches.otherwise({.name = "small"}).at("size-small").to("small-trades");
    return std::move(builder).build();
}

}  // namespace

int main() {
    return build().describe().empty() ? 1 : 0;
}
