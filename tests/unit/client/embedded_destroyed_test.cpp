// SPDX-License-Identifier: Apache-2.0

// Callbacks may destroy their client, and add and remove its threads.
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>

namespace millrace {
namespace {

using namespace std::chrono_literals;

class EmbeddedDestroyed : public support::EmbeddedApplication {
  protected:
    EmbeddedDestroyed() { create_topics(1); }

    void start() {
        streams_ = counter();
        streams_->set_state_listener([this](ClientState to, ClientState) {
            if (to == destroy_in_) {
                destroy();
            }
        });
        streams_->set_uncaught_exception_handler([this](const std::exception&) {
            if (destroy_in_handler_) {
                destroy();
            }
            return UncaughtDecision::kShutDownClient;
        });
        streams_->start();
        produce("a");
    }

    void destroy() {
        streams_.reset();
        destroyed_.happened();
    }

    /// Whether the client ends: it unlocks its state directory after all its threads have ended.
    bool ends() const {
        for (int attempt = 0; destroyed_.wait_for(1) && attempt < 6000; ++attempt) {
            try {
                counter();
                return true;
            } catch (const StateError&) {
                never_.wait_for_no_longer_than(10ms);
            }
        }
        return false;
    }

    std::optional<ClientState> destroy_in_;
    bool destroy_in_handler_ = false;
    support::Events destroyed_;
    support::Events never_;
    std::unique_ptr<KafkaStreams> streams_;
};

TEST_F(EmbeddedDestroyed, ByAProcessorEndsInTheBackground) {
    on_record = [this](const support::StringRecord&) { destroy(); };
    start();

    EXPECT_TRUE(ends());
}

TEST_F(EmbeddedDestroyed, ByTheUncaughtExceptionHandlerEndsInTheBackground) {
    on_record = [](const support::StringRecord&) { throw std::runtime_error("bad record"); };
    destroy_in_handler_ = true;
    start();

    EXPECT_TRUE(ends());
}

TEST_F(EmbeddedDestroyed, ByTheStateListenerEndsInTheBackground) {
    on_record = [](const support::StringRecord&) { throw std::runtime_error("bad record"); };
    destroy_in_ = ClientState::kError;
    start();

    EXPECT_TRUE(ends());
}

class EmbeddedThreadsOfCallbacks : public support::EmbeddedApplication {
  protected:
    EmbeddedThreadsOfCallbacks() { create_topics(4); }
};

TEST_F(EmbeddedThreadsOfCallbacks, AreNotAddedBeforeTheClientHasStarted) {
    const auto streams = client(support::relay_topology(on_record), config());
    std::optional<std::string> added = "none asked";
    streams->set_state_listener([&](ClientState to, ClientState before) {
        if (to == ClientState::kRebalancing && before == ClientState::kCreated) {
            added = streams->add_stream_thread();
        }
    });

    streams->start();

    EXPECT_EQ(added, std::nullopt);
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    EXPECT_NE(streams->add_stream_thread(), std::nullopt);
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedThreadsOfCallbacks, RemoveAnotherThreadFirst) {
    std::unique_ptr<KafkaStreams> streams;
    std::atomic<bool> asked{false};
    on_record = [&](const support::StringRecord&) {
        if (!asked.exchange(true)) {
            streams->remove_stream_thread(0s);
        }
        processed.happened();
    };
    StreamsConfig with = config();
    with.num_stream_threads = 2;
    streams = client(support::relay_topology(on_record), with);
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));

    produce("a");
    ASSERT_TRUE(processed.wait_for(1));

    // The thread that asked continues. It is the last one that can be removed.
    produce("a");
    ASSERT_TRUE(processed.wait_for(2));
    EXPECT_NE(streams->remove_stream_thread(60s), std::nullopt);
    EXPECT_EQ(streams->remove_stream_thread(60s), std::nullopt);
    EXPECT_TRUE(streams->close(60s));
}

}  // namespace
}  // namespace millrace
