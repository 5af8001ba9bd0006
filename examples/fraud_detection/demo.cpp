// SPDX-License-Identifier: Apache-2.0
#include "application.hpp"
#include "feed.hpp"
#include "report.hpp"
#include "rules.hpp"
#include "topology.hpp"

#include "millrace/client/kafka_streams.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>

namespace fraud {

namespace {

using millrace::TopicPartition;
using millrace::testing::EmbeddedBroker;
using std::chrono::steady_clock;

// A folder for the time of the demo: its broker is not persistent, so the state must not be,
// either.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "millrace-fraud-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("cannot make a folder like " + pattern);
        }
        path_ = pattern;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

// The results so far: prints new alerts and a progress line.
class Screen {
  public:
    Screen(const EmbeddedBroker& broker, const Options& options)
        : broker_(broker), partitions_(options.partitions), quiet_(options.quiet) {}

    void refresh(std::uint64_t payments) {
        if (quiet_) {
            return;
        }
        erase_line();
        print_new<VelocityAlert>(kVelocityTopic);
        print_new<ModelAlert>(kModelTopic);
        const bool due = steady_clock::now() - last_progress_ >= std::chrono::seconds(1);
        if (is_terminal_ || due) {
            last_progress_ = steady_clock::now();
            std::printf("%s%s", to_line(summary(payments)).c_str(), is_terminal_ ? "" : "\n");
        }
        std::fflush(stdout);
    }

    void finish(std::uint64_t payments) {
        refresh(payments);
        erase_line();
    }

    Summary summary(std::uint64_t payments) const {
        return {.payments = payments,
                .high_risk = records_in(kHighRiskTopic),
                .velocity_alerts = records_in(kVelocityTopic),
                .model_alerts = records_in(kModelTopic),
                .dead_letters = records_in(kDeadLetterTopic)};
    }

  private:
    std::uint64_t records_in(const char* topic) const {
        std::uint64_t total = 0;
        for (int partition = 0; partition < partitions_; ++partition) {
            total += static_cast<std::uint64_t>(broker_.end_offset({topic, partition}));
        }
        return total;
    }

    template <class Alert>
    void print_new(const char* topic) {
        for (int partition = 0; partition < partitions_; ++partition) {
            const TopicPartition where{topic, partition};
            auto& printed = printed_[where];
            if (broker_.end_offset(where) == printed) {
                continue;
            }
            for (const auto& record : broker_.records(where)) {
                Alert alert;
                if (record.offset >= printed && alert.ParseFromString(record.value.value_or(""))) {
                    std::puts(to_line(alert).c_str());
                    printed = record.offset + 1;
                }
            }
        }
    }

    void erase_line() const {
        if (is_terminal_ && !quiet_) {
            std::fputs("\r\033[K", stdout);
        }
    }

    const EmbeddedBroker& broker_;
    int partitions_;
    bool quiet_;
    bool is_terminal_ = ::isatty(STDOUT_FILENO) != 0;
    steady_clock::time_point last_progress_ = steady_clock::now();
    std::map<TopicPartition, millrace::Offset> printed_;
};

void create_topics(EmbeddedBroker& broker, int partitions) {
    broker.create_topic(kProfilesTopic, partitions, {{"cleanup.policy", "compact"}});
    for (const char* topic :
         {kPaymentsTopic, kHighRiskTopic, kVelocityTopic, kModelTopic, kDeadLetterTopic}) {
        broker.create_topic(topic, partitions);
    }
}

// The number of processed and committed payments.
millrace::Offset committed(const EmbeddedBroker& broker, const Options& options) {
    millrace::Offset total = 0;
    for (const auto& [partition, offset] : broker.committed_offsets(options.application_id)) {
        total += partition.topic == kPaymentsTopic ? offset : 0;
    }
    return total;
}

millrace::Offset sent(const EmbeddedBroker& broker, const Options& options) {
    millrace::Offset total = 0;
    for (int partition = 0; partition < options.partitions; ++partition) {
        total += broker.end_offset({kPaymentsTopic, partition});
    }
    return total;
}

// False: it failed, or there was no progress for a minute.
bool wait_until_processed(const EmbeddedBroker& broker, const Options& options,
                          const millrace::KafkaStreams& streams, StopSignal& stop,
                          const std::function<void()>& refresh) {
    auto last = committed(broker, options);
    auto last_progress = steady_clock::now();
    while (last < sent(broker, options)) {
        if (streams.state() == millrace::ClientState::kError ||
            steady_clock::now() - last_progress > std::chrono::minutes(1)) {
            return false;
        }
        stop.wait_for(std::chrono::milliseconds(20));
        refresh();
        if (const auto now = committed(broker, options); now != last) {
            last = now;
            last_progress = steady_clock::now();
        }
    }
    return true;
}

}  // namespace

int run_demo(const Options& options, StopSignal& stop) {
    const TemporaryFolder folder;
    EmbeddedBroker broker;
    create_topics(broker, options.partitions);
    Options with_defaults = options;
    with_defaults.config.try_emplace("commit.interval.ms", "200");
    if (options.state_dir.empty()) {
        with_defaults.state_dir = folder.path();
    }
    millrace::KafkaStreams streams(fraud_detection(scorer_of(options)),
                                   streams_config(with_defaults), broker.clients());

    const FeedOptions feed{
        .traffic = options.traffic, .payments = options.payments, .rate = options.rate};
    const Send send = [&](const char* topic, const std::string& key, const std::string& value,
                          std::int64_t time_ms) {
        broker.produce(topic,
                       {.key = key, .value = value, .timestamp = millrace::timestamp_of(time_ms)});
    };
    feed_profiles(feed, send);
    streams.start();

    Screen screen(broker, options);
    const auto start = steady_clock::now();
    auto last_refresh = start;
    const auto payments = feed_payments(feed, send, [&](std::uint64_t so_far) {
        if (steady_clock::now() - last_refresh < std::chrono::milliseconds(100)) {
            return true;
        }
        last_refresh = steady_clock::now();
        screen.refresh(so_far);
        return streams.state() != millrace::ClientState::kError &&
               !stop.wait_for(std::chrono::milliseconds(0));
    });
    const bool processed =
        wait_until_processed(broker, options, streams, stop, [&] { screen.refresh(payments); });
    const std::chrono::duration<double> elapsed = steady_clock::now() - start;
    screen.finish(payments);
    const bool closed = streams.close(std::chrono::seconds(30));

    print(screen.summary(payments));
    std::printf("rate %.0f payments/s\n", static_cast<double>(payments) / elapsed.count());
    if (!processed) {
        std::fputs("not all payments were processed\n", stderr);
    }
    return processed && closed ? 0 : 1;
}

}  // namespace fraud
