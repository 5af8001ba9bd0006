// SPDX-License-Identifier: Apache-2.0

// Threads that end in the background, in simulated time.
#include "millrace/millrace.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "testing/simulation/scheduler.hpp"
#include "testing/simulation/trace.hpp"

#include <gmock/gmock.h>

#include <string>

namespace millrace::testing::simulated {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;

Topology copy() {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("in").to("out");
    return std::move(builder).build();
}

TEST(RemovedThreads, AreNotListedWhenTheyHaveEnded) {
    Scheduler scheduler(1, kSimulationStart);
    const Trace trace(scheduler, "/dev/shm");  // Takes the log.
    scheduler.run(
        [&] {
            EmbeddedBroker broker;
            broker.create_topic("in", 2);
            broker.create_topic("out");
            KafkaStreams streams(copy(),
                                 StreamsConfig{.application_id = "app", .num_stream_threads = 2},
                                 broker.clients());
            streams.start();
            scheduler.pause(5s);
            EXPECT_THAT(streams.metadata_for_local_threads(), SizeIs(2));

            streams.remove_stream_thread(0ms);  // It does not wait for the end.
            scheduler.pause(5s);
            EXPECT_THAT(streams.metadata_for_local_threads(), SizeIs(1));
            streams.close(1min);
        },
        10h);
}

}  // namespace
}  // namespace millrace::testing::simulated
