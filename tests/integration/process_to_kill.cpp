// SPDX-License-Identifier: Apache-2.0
#include "integration/process_to_kill.hpp"

#include "support/counting_topology.hpp"

#include <chrono>
#include <cstdlib>
#include <thread>

namespace millrace::testing {

using namespace std::chrono_literals;

namespace {

constexpr const char* kApplication = "MILLRACE_TEST_APPLICATION";
constexpr const char* kServers = "MILLRACE_TEST_SERVERS";
constexpr const char* kIn = "MILLRACE_TEST_IN";
constexpr const char* kOut = "MILLRACE_TEST_OUT";
constexpr const char* kState = "MILLRACE_TEST_STATE";
constexpr const char* kVariant = "MILLRACE_TEST_VARIANT";

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

void run_until_killed(const std::function<StreamsConfig(const Place&)>& config_of) {
    if (environment(kApplication).empty()) {
        GTEST_SKIP() << "started by tests that kill it";
    }
    const Place place{environment(kApplication), environment(kServers), environment(kIn),
                      environment(kOut),         environment(kState),   environment(kVariant)};
    KafkaStreams streams(support::counting_topology([](const auto&) {}, place.in, place.out),
                         config_of(place));
    streams.start();
    std::this_thread::sleep_for(10min);
}

ProcessToKill::ProcessToKill(const std::string& prefix, const std::string& variant)
    : broker(KafkaBroker::shared()),
      clients(clients_of(broker)),
      place{unique_name(prefix + "-app"), broker.bootstrap_servers(),
            make_topic(*clients, prefix + "-in", 1), make_topic(*clients, prefix + "-out", 1),
            std::filesystem::temp_directory_path() / unique_name("millrace-state")} {
    ::setenv(kApplication, place.application.c_str(), 1);
    ::setenv(kServers, place.servers.c_str(), 1);
    ::setenv(kIn, place.in.c_str(), 1);
    ::setenv(kOut, place.out.c_str(), 1);
    ::setenv(kState, place.state_dir.c_str(), 1);
    set_variant(variant);
    std::filesystem::create_directories(place.state_dir);
}

ProcessToKill::~ProcessToKill() {
    ::unsetenv(kApplication);
    ::unsetenv(kVariant);
    std::filesystem::remove_all(place.state_dir);
}

void ProcessToKill::set_variant(const std::string& variant) {
    place.variant = variant;
    ::setenv(kVariant, variant.c_str(), 1);
}

ChildProcess ProcessToKill::start(const std::string& test) const {
    return ChildProcess({"/proc/self/exe", "--gtest_filter=" + test},
                        place.state_dir / "child.log");
}

void ProcessToKill::produce(int records, int keys) {
    RecordingProducerListener listener;
    const auto producer = clients->make_producer({}, listener);
    const auto topic = producer->topic(place.in);
    for (int record = 0; record < records; ++record) {
        const std::string key = "k" + std::to_string(record % keys);
        while (!producer->send({.topic = topic, .partition = 0, .key = key, .value = "v"}).ok()) {
            (void)producer->flush(1s);
        }
    }
    ASSERT_TRUE(producer->flush(kPatience).ok());
}

std::int64_t ProcessToKill::lag() const {
    return TopicReader(place.servers).lag(place.application, place.in, 1);
}

std::vector<ReadRecord> ProcessToKill::output() const {
    return TopicReader(place.servers).read_all(place.out, 1);
}

bool ProcessToKill::eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 4 * kPatience;
    while (!holds() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(5ms);
    }
    return holds();
}

}  // namespace millrace::testing
