// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/kafka_streams.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <string>
#include <vector>

namespace millrace::testing::simulated {

/// A client that runs.
struct RunningClient {
    KafkaStreams* client = nullptr;
    std::string suffix{};  ///< The end of the client.id of its producers.
};

/// How the stores of these clients, together, differ from what their changelogs contain: key-value,
/// window, session and global stores; rows that have expired may be missing. Call it when the
/// clients have processed and committed everything, and repeat it while tasks move.
///
/// `zombies`: a changelog may be ahead of its store by late records of other producers. With
/// at-least-once, nothing fences the producer of a thread that has lost its tasks without having
/// noticed. What it still delivers after the new owner has restored its store is in the changelog
/// only, until the new owner writes these rows again, or the task moves. Kafka Streams has the same
/// gap. Allowed is exactly that: there is a position up to which the store contains all records,
/// and from which it contains all records of its owner and no others.
std::vector<std::string> store_differences(const Topology& topology,
                                           const std::string& application_id,
                                           const EmbeddedBroker& broker,
                                           const std::vector<RunningClient>& clients, bool zombies);

}  // namespace millrace::testing::simulated
