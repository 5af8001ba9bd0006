// SPDX-License-Identifier: Apache-2.0

// How long a revocation takes when the cluster does not respond.
#include "support/driven_threads.hpp"
#include "support/forwarding_producer.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::Pair;
using ::testing::SizeIs;

/// What a cluster does that has stopped to respond.
struct Outage {
    bool begun = false;
    bool queue_is_full = false;  ///< No record is accepted any more.
    std::function<void(milliseconds)> pass_time{};
};

/// A producer whose calls wait during an outage, as long as they may.
class WaitingProducer final : public support::ForwardingProducer {
  public:
    WaitingProducer(std::unique_ptr<kafka::Producer> to, Outage& outage)
        : ForwardingProducer(std::move(to)), outage_(outage) {}

    kafka::Status send(const kafka::ProducerRecord& record) override {
        if (outage_.begun && outage_.queue_is_full) {
            outage_.pass_time(100ms);
            return {kafka::ErrorCode::kQueueFull, "full"};
        }
        return ForwardingProducer::send(record);
    }
    kafka::Status flush(milliseconds timeout) override {
        return outage_.begun ? wait(timeout) : ForwardingProducer::flush(timeout);
    }
    kafka::Status send_offsets(std::span<const kafka::OffsetCommit> offsets,
                               const kafka::GroupMetadata& group, milliseconds timeout) override {
        return outage_.begun ? wait(timeout)
                             : ForwardingProducer::send_offsets(offsets, group, timeout);
    }
    kafka::Status commit_transaction(milliseconds timeout) override {
        return outage_.begun ? wait(timeout) : ForwardingProducer::commit_transaction(timeout);
    }

  private:
    kafka::Status wait(milliseconds timeout) {
        outage_.pass_time(timeout);
        return {kafka::ErrorCode::kTimedOut, "no response"};
    }

    Outage& outage_;
};

using WaitingClients = support::ReplacedProducers<WaitingProducer, Outage>;

struct Variant {
    bool exactly_once;
    bool queue_is_full;
};

class RevocationTime : public support::DrivenThreads,
                       public ::testing::WithParamInterface<Variant> {
  protected:
    RevocationTime() {
        auto spec = std::make_shared<detail::TopologySpec>(topology.spec());
        spec->stores.front().caching = true;  // Changelog records are sent by the commit.
        topology = Topology(spec);
        consumer_settings["max.poll.interval.ms"] = "20000";
        settings.request_timeout = 30s;
        settings.commit_interval = 1min;
        if (GetParam().exactly_once) {
            consumer_settings["isolation.level"] = "read_committed";
        }
        outage.queue_is_full = GetParam().queue_is_full;
        outage.pass_time = [this](milliseconds time) { clock.advance(time); };
        clients = std::make_shared<WaitingClients>(clients, outage);
    }

    StreamThread& add() {
        if (GetParam().exactly_once) {
            producer_settings["transactional.id"] = "app-" + std::to_string(made + 1);
        }
        return add_thread();
    }

    static constexpr int kKeys = 16;
    Outage outage;
};

INSTANTIATE_TEST_SUITE_P(Variants, RevocationTime,
                         ::testing::Values(Variant{false, false}, Variant{false, true},
                                           Variant{true, false}, Variant{true, true}),
                         [](const auto& variant) {
                             return std::string(variant.param.exactly_once ? "ExactlyOnce"
                                                                           : "AtLeastOnce") +
                                    (variant.param.queue_is_full ? "QueueFull" : "");
                         });

TEST_P(RevocationTime, IsAShareOfThePollInterval) {
    StreamThread& first = add();
    ASSERT_TRUE(run_until_running());
    produce_keys(kKeys);
    ASSERT_TRUE(run_until([this] { return processed == kKeys; }));
    outage.begun = true;
    StreamThread& second = add();
    auto longest = 0ms;
    ASSERT_TRUE(run_until([&] {
        const auto before = clock.monotonic();
        first.run_once(clock.now());
        longest =
            std::max(longest, std::chrono::duration_cast<milliseconds>(clock.monotonic() - before));
        return first.metadata().tasks.size() == 2;
    }));
    outage.begun = false;

    EXPECT_GE(longest, 5s) << "nothing was tried";
    EXPECT_LE(longest, 10s);
    ASSERT_TRUE(run_until([&] { return second.metadata().tasks.size() == 2; }));
    ASSERT_TRUE(run_until_running());
    settings.commit_interval = 100ms;
    ASSERT_TRUE(run_until([this] { return committed() == kKeys; }, 20'000));
    EXPECT_THAT(table("out"), AllOf(SizeIs(kKeys), Each(Pair(::testing::_, "1"))));
    EXPECT_THAT(table("app-counts-changelog"), AllOf(SizeIs(kKeys), Each(Pair(::testing::_, "1"))));
}

}  // namespace
}  // namespace millrace::runtime
