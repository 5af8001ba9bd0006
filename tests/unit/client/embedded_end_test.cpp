// SPDX-License-Identifier: Apache-2.0

// A client ends however it is closed or fails, from any of its callbacks.
#include "millrace/core/error.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <optional>
#include <ostream>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using testing::BrokerFault;
using testing::BrokerOperation;
using ::testing::Combine;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Values;
using ::testing::ValuesIn;

using Text = std::string;

/// A callback of the user that the client calls.
enum class Callback {
    kProcessor,
    kPunctuator,
    kTimestampExtractor,
    kDeserializationHandler,
    kProcessingHandler,
    kProductionHandler,
    kUncaughtHandler,
    kUncaughtHandlerOfGlobalThread,
    kGlobalHandlerInStart,
    kListenerRebalancing,
    kListenerRunning,
    kListenerPendingShutdown,
    kListenerNotRunning,
    kListenerError,
    kRestoreStart,
    kBatchRestored,
    kRestoreEnd,
    kGlobalBatchRestored,
};

constexpr const char* kNames[] = {"Processor",
                                  "Punctuator",
                                  "TimestampExtractor",
                                  "DeserializationHandler",
                                  "ProcessingHandler",
                                  "ProductionHandler",
                                  "UncaughtHandler",
                                  "UncaughtHandlerOfGlobalThread",
                                  "GlobalHandlerInStart",
                                  "ListenerRebalancing",
                                  "ListenerRunning",
                                  "ListenerPendingShutdown",
                                  "ListenerNotRunning",
                                  "ListenerError",
                                  "RestoreStart",
                                  "BatchRestored",
                                  "RestoreEnd",
                                  "GlobalBatchRestored"};

std::vector<Callback> all_callbacks() {
    std::vector<Callback> all;
    for (std::size_t i = 0; i < std::size(kNames); ++i) {
        all.push_back(static_cast<Callback>(i));
    }
    return all;
}

enum class Action { kClose, kCloseNow, kThrow, kThrowSomethingElse };

constexpr const char* kActions[] = {"Closes", "ClosesAtOnce", "Throws", "ThrowsSomethingElse"};

bool throws(Action action) {
    return action == Action::kThrow || action == Action::kThrowSomethingElse;
}

/// Numbers in "in", counted by key, and a global table.
class EmbeddedEnd : public support::EmbeddedApplication,
                    public ::testing::WithParamInterface<std::tuple<Callback, Action>> {
  protected:
    EmbeddedEnd() {
        create_topics(1);
        broker.create_topic("names", 1);
        broker.produce("names", {.key = "a", .value = number(1)});
    }

    static std::string number(char value) {
        return {'\0', '\0', '\0', '\0', '\0', '\0', '\0', value};
    }
    static constexpr char kBad = 13;  // Processing it throws.

    void send(const std::string& value) { broker.produce("in", {.key = "a", .value = value}); }

    /// Every callback calls this; it acts once, in the callback under test.
    void at(Callback callback) {
        if (!armed_ || callback != std::get<0>(GetParam()) || acted_.exchange(true)) {
            return;
        }
        switch (std::get<1>(GetParam())) {
            case Action::kClose:
                returned_ = streams_->close(60s);
                break;
            case Action::kCloseNow:
                returned_ = streams_->close(0s);
                break;
            case Action::kThrow:
                acted.happened();
                throw std::runtime_error("from a callback");
            case Action::kThrowSomethingElse:
                acted.happened();
                throw 17;  // NOLINT(hicpp-exception-baseclass)
        }
        acted.happened();
    }

    struct Punctual : Processor<Text, std::int64_t, Text, std::int64_t> {
        explicit Punctual(EmbeddedEnd& test) : test_(&test) {}
        void init(Context& context) override {
            context.schedule({.interval = 1ms},
                             [this](Timestamp) { test_->at(Callback::kPunctuator); });
        }
        void process(const Record<Text, std::int64_t>& record) override {
            if (record.value == kBad) {
                throw std::runtime_error("bad record");
            }
            test_->at(Callback::kProcessor);
            context().forward(record);
            test_->processed.happened();
        }
        EmbeddedEnd* test_;
    };

    Topology topology() {
        StreamsBuilder builder;
        builder.global_table<Text, std::int64_t>("names", {.store = "names"});
        builder
            .stream<Text, std::int64_t>(
                "in", {.timestamp =
                           [this](const ConsumedRecord<Text, std::int64_t>& record, Timestamp) {
                               at(Callback::kTimestampExtractor);
                               return record.timestamp;
                           }})
            .process([this] { return std::make_unique<Punctual>(*this); })
            .group_by_key()
            .count({.store = "counts", .caching = false})
            .to_stream()
            .peek([this](const auto&, const auto&) { counted.happened(); })
            .to("out");
        return std::move(builder).build();
    }

    StreamsConfig settings() {
        StreamsConfig result = config();
        result.deserialization_exception_handler = [this](const ErrorContext& context,
                                                          const std::exception&) {
            at(context.topic == "names" ? Callback::kGlobalHandlerInStart
                                        : Callback::kDeserializationHandler);
            return ErrorResponse{.decision = context.topic == "names" ? ErrorDecision::kFail
                                                                      : ErrorDecision::kResume};
        };
        result.processing_exception_handler = [this](const ErrorContext&, const std::exception&) {
            at(Callback::kProcessingHandler);
            return ErrorResponse{.decision = ErrorDecision::kFail};
        };
        result.production_exception_handler = [this](const ErrorContext&, const FailedRecord&,
                                                     const std::exception&) {
            at(Callback::kProductionHandler);
            return ErrorResponse{.decision = ErrorDecision::kResume};
        };
        return result;
    }

    /// The client under test, with state to restore.
    void make_client() {
        streams_ = client(topology(), settings());
        streams_->start();
        send(number(1));
        ASSERT_TRUE(counted.wait_for(1));
        ASSERT_TRUE(streams_->close(60s));
        streams_.reset();
        std::filesystem::remove_all(state_dir);

        streams_ = client(topology(), settings());
        streams_->set_state_listener([this](ClientState now, ClientState) { on_state(now); });
        streams_->set_uncaught_exception_handler([this](const std::exception& error) {
            {
                const std::scoped_lock lock(mutex_);
                uncaught_.emplace_back(error.what());
            }
            at(global_fails() ? Callback::kUncaughtHandlerOfGlobalThread
                              : Callback::kUncaughtHandler);
            return UncaughtDecision::kShutDownClient;
        });
        streams_->set_state_restore_listener(
            {.on_restore_start =
                 [this](const auto&, const Text& store, Offset, Offset) {
                     if (store == "counts") {
                         at(Callback::kRestoreStart);
                     }
                 },
             .on_batch_restored =
                 [this](const auto&, const Text& store, Offset, std::int64_t) {
                     at(store == "counts" ? Callback::kBatchRestored
                                          : Callback::kGlobalBatchRestored);
                 },
             .on_restore_end =
                 [this](const auto&, const Text& store, std::int64_t) {
                     if (store == "counts") {
                         at(Callback::kRestoreEnd);
                     }
                 }});
        armed_ = true;
    }

    void on_state(ClientState now) {
        switch (now) {
            case ClientState::kRebalancing:
                return at(Callback::kListenerRebalancing);
            case ClientState::kRunning:
                return at(Callback::kListenerRunning);
            case ClientState::kPendingShutdown:
                return at(Callback::kListenerPendingShutdown);
            case ClientState::kNotRunning:
                return at(Callback::kListenerNotRunning);
            case ClientState::kError:
                return at(Callback::kListenerError);
            default:
                return;
        }
    }

    static Callback callback() { return std::get<0>(GetParam()); }
    static bool global_fails() { return callback() == Callback::kUncaughtHandlerOfGlobalThread; }

    /// Triggers the callback. Callbacks that are not listed are called in any case.
    void provoke() {
        switch (callback()) {
            case Callback::kDeserializationHandler:
                return send("unreadable");
            case Callback::kProductionHandler:
                broker.fail_next(BrokerOperation::kProduce, BrokerFault::kInvalidRecord);
                return send(number(2));
            case Callback::kProcessingHandler:
            case Callback::kUncaughtHandler:
            case Callback::kListenerError:
                return send(number(kBad));
            case Callback::kUncaughtHandlerOfGlobalThread:
                broker.produce("names", {.key = "b", .value = "unreadable"});
                return;
            case Callback::kListenerPendingShutdown:
            case Callback::kListenerNotRunning:
                streams_->close(0s);
                return;
            default:
                return send(number(2));
        }
    }

    static bool start_fails() {
        return callback() == Callback::kGlobalHandlerInStart ||
               (callback() == Callback::kGlobalBatchRestored && throws(std::get<1>(GetParam())));
    }

    /// Whether the client continues after an exception of that callback, which only observes.
    static bool observes() {
        switch (callback()) {
            case Callback::kListenerRebalancing:
            case Callback::kListenerRunning:
                return true;
            default:
                return false;
        }
    }

    ClientState expected_end() const {
        switch (callback()) {
            case Callback::kListenerPendingShutdown:
            case Callback::kListenerNotRunning:
                return ClientState::kNotRunning;
            case Callback::kListenerError:
                return ClientState::kError;
            default:
                return throws(std::get<1>(GetParam())) && !observes() ? ClientState::kError
                                                                      : ClientState::kNotRunning;
        }
    }

    std::vector<std::string> uncaught_errors() const {
        const std::scoped_lock lock(mutex_);
        return uncaught_;
    }

    std::unique_ptr<KafkaStreams> streams_;
    support::Events counted;
    support::Events acted;
    std::optional<bool> returned_;  // By close() in the callback.

  private:
    std::atomic<bool> armed_{false};
    std::atomic<bool> acted_{false};
    mutable std::mutex mutex_;
    std::vector<std::string> uncaught_;
};

TEST_P(EmbeddedEnd, HappensInEveryCallback) {
    make_client();
    const Action action = std::get<1>(GetParam());
    if (callback() == Callback::kGlobalHandlerInStart) {
        broker.produce("names", {.key = "b", .value = "unreadable"});
    }
    if (start_fails()) {
        EXPECT_ANY_THROW(streams_->start()) << "the global table cannot be read";
    } else {
        streams_->start();
        provoke();
    }

    ASSERT_TRUE(acted.wait_for(1));
    if (throws(action) && observes()) {
        EXPECT_TRUE(processed.wait_for(2)) << "it continues";
        EXPECT_TRUE(streams_->close(60s));
    }
    if (!start_fails()) {
        EXPECT_TRUE(streams_->wait_for(expected_end(), 60s)) << to_string(streams_->state());
    }
    EXPECT_TRUE(streams_->close(60s)) << "it has ended";
    if (!throws(action) && expected_end() != ClientState::kError) {
        EXPECT_EQ(returned_, false) << "close() does not wait for the thread that calls it";
    }
    EXPECT_NO_THROW(client(topology(), settings())) << "the directory is free";
}

INSTANTIATE_TEST_SUITE_P(Callbacks, EmbeddedEnd,
                         Combine(ValuesIn(all_callbacks()),
                                 Values(Action::kClose, Action::kCloseNow, Action::kThrow,
                                        Action::kThrowSomethingElse)),
                         [](const auto& each) {
                             return std::string(kNames[static_cast<int>(std::get<0>(each.param))]) +
                                    kActions[static_cast<int>(std::get<1>(each.param))];
                         });

}  // namespace
}  // namespace millrace
