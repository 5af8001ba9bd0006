// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/query.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// An application with the global store "names", filled from the topic "names".
class EmbeddedGlobalRestart : public support::EmbeddedApplication {
  protected:
    using Text = std::string;
    using Names = ReadOnlyKeyValueStore<Text, Text>;
    using Rows = std::map<Text, Text>;

    EmbeddedGlobalRestart() {
        create_topics(1);
        set_log_sink([this](LogLevel, std::string_view line) {
            if (line.find("from its beginning") != std::string_view::npos) {
                const std::scoped_lock lock(mutex_);
                log_ += line;
            }
        });
    }
    ~EmbeddedGlobalRestart() override { set_log_sink({}); }

    /// Stores its records and logs them.
    class Fill final : public Processor<Text, std::optional<Text>> {
      public:
        explicit Fill(EmbeddedGlobalRestart& test) : test_(test) {}

        void process(const Record<Text, std::optional<Text>>& record) override {
            auto names = context().store<KeyValueStore<Text, Text>>("names");
            if (record.value) {
                names.put(record.key, *record.value);
            } else {
                names.erase(record.key);
            }
            test_.got(record.key + "=" + record.value.value_or("null"));
        }

      private:
        EmbeddedGlobalRestart& test_;
    };

    Topology names(KeyValueStoreSupplier where = stores::persistent_key_value_store("names")) {
        StreamsBuilder builder;
        builder.add_global_store<Text, std::optional<Text>>(
            stores::key_value_store<Text, Text>(std::move(where)), "names",
            [this] { return std::make_unique<Fill>(*this); });
        builder.stream<Text, Text>("in").to("out");
        return std::move(builder).build();
    }

    void send(const std::string& key, const NullableOwnedBytes& value,
              std::optional<Partition> partition = std::nullopt) {
        broker.produce("names", {.key = key, .value = value, .partition = partition});
    }

    void got(const std::string& record) {
        if (record == failing) {
            throw std::runtime_error("refused");
        }
        const std::scoped_lock lock(mutex_);
        seen_.push_back(record);
    }

    /// What the processor received since the last call.
    std::vector<std::string> seen() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(seen_, {});
    }

    std::string log() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(log_, {});
    }

    static Rows rows(const KafkaStreams& streams) {
        Rows rows;
        for (const auto& [key, value] : streams.store<Names>("names").all()) {
            rows[key] = value;
        }
        return rows;
    }

    /// The rows once start() has returned.
    Rows run(const Topology& topology) {
        const auto streams = client(topology, config());
        streams->start();
        Rows found = rows(*streams);
        EXPECT_TRUE(streams->close(std::chrono::seconds(60)));
        return found;
    }
    Rows run() { return run(names()); }

    std::string failing;

  private:
    std::mutex mutex_;  // Guards the rest.
    std::vector<std::string> seen_;
    std::string log_;
};

}  // namespace millrace
