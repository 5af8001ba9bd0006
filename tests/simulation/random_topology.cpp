// SPDX-License-Identifier: Apache-2.0
#include "random_topology.hpp"

#include "testing/simulation/random_numbers.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace millrace::simulation {
namespace {

using testing::OutputComparison;
using testing::simulated::RandomNumbers;
using Text = std::string;
using Stream = KStream<Text, Text>;

char last_of(const Text& text) {
    return text.empty() ? '-' : text.back();
}

class Chain {
  public:
    Chain(StreamsBuilder& builder, std::uint64_t seed)
        : builder_(builder), random_(seed), stream_(builder.stream<Text, Text>("in")) {}

    OutputComparison build() {
        for (auto verbs = random_.between(2, 6); verbs > 0; --verbs) {
            add_verb();
        }
        if (!random_.one_in(3)) {
            stream_.to("out");
            return OutputComparison::kSameRecords;
        }
        stream_.group_by_key()
            .reduce([](const Text& left, const Text& right) { return std::max(left, right); })
            .to_stream()
            .to("out");
        return OutputComparison::kLastOfEachKey;
    }

  private:
    void add_verb() {
        switch (random_.below(6)) {
            case 0:
                return filter();
            case 1:
                stream_ = stream_.map_values([](const Text& value) { return value + "'"; });
                return;
            case 2:
                return select_key();
            case 3:
                return merge();
            case 4:
                return join();
            default:
                return count();
        }
    }

    void filter() {
        stream_ = stream_.filter([counted = counted_](const Text& key, const Text& value) {
            return last_of(counted ? key : value) % 4 != 0;
        });
    }

    void select_key() {
        stream_ = stream_.select_key([counted = counted_](const Text& key, const Text& value) {
            return Text("s") + last_of(counted ? key : value);
        });
    }

    void merge() {
        if (!std::exchange(merged_, true)) {
            stream_ = stream_.merge(builder_.stream<Text, Text>("other"));
        }
    }

    void join() {
        if (!std::exchange(joined_, true)) {
            stream_ = stream_.left_join(builder_.table<Text, Text>("table"),
                                        [](const Text& value, const Text* row) {
                                            return value + "," + (row == nullptr ? "none" : *row);
                                        });
        }
    }

    void count() {
        if (counts_++ == 2) {
            return;
        }
        counted_ = true;
        stream_ = stream_.group_by_key()
                      .count({.caching = false})
                      .to_stream()
                      .map_values([](const std::int64_t& count) { return std::to_string(count); });
    }

    StreamsBuilder& builder_;
    RandomNumbers random_;
    Stream stream_;
    bool merged_ = false;
    bool joined_ = false;
    bool counted_ = false;
    int counts_ = 0;
};

}  // namespace

OutputComparison add_random_chain(StreamsBuilder& builder, std::uint64_t seed) {
    return Chain(builder, seed).build();
}

}  // namespace millrace::simulation
