// SPDX-License-Identifier: Apache-2.0

// Serialization and deserialization into reused memory, as in sources, sinks and stores.
#include "millrace/millrace.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

namespace millrace {
namespace {

template <class T>
void there_and_back(benchmark::State& state, const T& value) {
    Bytes bytes;
    T read{};
    for (auto step : state) {
        benchmark::DoNotOptimize(&value);
        bytes.clear();
        Serde<T>::serialize_to(value, bytes);
        benchmark::DoNotOptimize(bytes.data());
        Serde<T>::deserialize_into(bytes, read);
        benchmark::DoNotOptimize(&read);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void Int64(benchmark::State& state) {
    there_and_back<std::int64_t>(state, 1'234'567'890);
}
BENCHMARK(Int64);

void Double(benchmark::State& state) {
    there_and_back<double>(state, 3.25);
}
BENCHMARK(Double);

void String(benchmark::State& state) {
    there_and_back<std::string>(state, std::string(static_cast<std::size_t>(state.range(0)), 's'));
}
BENCHMARK(String)->Arg(16)->Arg(100)->Arg(1024);

/// The bytes of a string as a sink gets them.
void StringView(benchmark::State& state) {
    const std::string value(100, 's');
    const SerdeOf<std::string> serde;
    Bytes buffer;
    for (auto step : state) {
        benchmark::DoNotOptimize(&value);
        benchmark::DoNotOptimize(serde.bytes_of(value, buffer).data());
    }
}
BENCHMARK(StringView);

void WindowedKey(benchmark::State& state) {
    there_and_back<Windowed<std::int64_t>>(
        state, {.key = 42, .window = {timestamp_of(60'000), timestamp_of(120'000)}});
}
BENCHMARK(WindowedKey);

}  // namespace
}  // namespace millrace
