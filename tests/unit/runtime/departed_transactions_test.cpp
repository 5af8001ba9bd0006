// SPDX-License-Identifier: Apache-2.0
#include "runtime/commit/departed_transactions.hpp"

#include "millrace/core/error.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/forwarding_producer.hpp"

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What Kafka answers, and which transactional ids were initialised.
struct Answers {
    std::map<std::string, std::vector<kafka::Status>> failures;  ///< By id, the next one last.
    std::vector<std::string> initialised{};
    std::vector<milliseconds> timeouts{};
    std::string creating{};  ///< The id of the producer that is being created.
    int alive = 0;
    ManualClock clock;
};

class AnsweredProducer final : public support::ForwardingProducer {
  public:
    AnsweredProducer(std::unique_ptr<kafka::Producer> to, Answers& answers)
        : ForwardingProducer(std::move(to)), answers_(answers), id_(answers.creating) {
        ++answers_.alive;
    }
    ~AnsweredProducer() override { --answers_.alive; }

    kafka::Status init_transactions(milliseconds timeout) override {
        answers_.timeouts.push_back(timeout);
        if (auto& failures = answers_.failures[id_]; !failures.empty()) {
            const kafka::Status status = failures.back();
            failures.pop_back();
            answers_.clock.advance(timeout);
            return status;
        }
        answers_.initialised.push_back(id_);
        return {};
    }

  private:
    Answers& answers_;
    std::string id_;
};

class NamedClients final : public support::ForwardingClients {
  public:
    NamedClients(std::shared_ptr<kafka::ClientSupplier> to, Answers& answers)
        : ForwardingClients(std::move(to)), answers_(answers) {}

    std::unique_ptr<kafka::Producer> make_producer(const kafka::ClientSettings& settings,
                                                   kafka::ProducerListener& listener) override {
        answers_.creating = settings.at("transactional.id");
        if (answers_.creating == "refused") {
            throw ConfigError("transactional.id is refused");
        }
        return ForwardingClients::make_producer(settings, listener);
    }

  private:
    Answers& answers_;
};

class DepartedTransactionsTest : public ::testing::Test {
  protected:
    /// Lets tasks wait until their thread aborts the transactions of departed members.
    void wait(const std::vector<std::string>& departed) {
        transactions.tasks_wait(departed, kSlice);
        answers.clock.advance(DepartedTransactions::kPatience);
        transactions.tasks_wait(departed, kSlice);
    }

    static constexpr milliseconds kSlice{50};
    const kafka::Status no_response{kafka::ErrorCode::kTimedOut, "no response"};

    Answers answers;
    testing::EmbeddedBroker broker;
    std::shared_ptr<kafka::ClientSupplier> clients = std::make_shared<NamedClients>(
        std::make_shared<support::ReplacedProducers<AnsweredProducer, Answers>>(broker.clients(),
                                                                                answers),
        answers);
    DepartedTransactions transactions{clients, {}, answers.clock, "thread"};
};

TEST_F(DepartedTransactionsTest, AreAbortedOnceTasksHaveWaitedForAWhile) {
    transactions.tasks_wait({"a", "b"}, kSlice);
    answers.clock.advance(DepartedTransactions::kPatience - 1ms);
    transactions.tasks_wait({"a", "b"}, kSlice);
    EXPECT_THAT(answers.initialised, IsEmpty());

    answers.clock.advance(1ms);
    transactions.tasks_wait({"a", "b"}, kSlice);
    EXPECT_THAT(answers.initialised, ElementsAre("a", "b"));
    EXPECT_EQ(answers.alive, 0);

    transactions.tasks_wait({"a", "b"}, kSlice);
    EXPECT_THAT(answers.initialised, ElementsAre("a", "b")) << "once";
}

TEST_F(DepartedTransactionsTest, AreLeftAloneWhileTasksRun) {
    wait({"a"});
    transactions.tasks_run();
    transactions.tasks_wait({"a"}, kSlice);
    EXPECT_THAT(answers.initialised, ElementsAre("a"));

    answers.clock.advance(DepartedTransactions::kPatience);
    transactions.tasks_wait({"a"}, kSlice);
    EXPECT_THAT(answers.initialised, ElementsAre("a", "a")) << "it came back, and left again";
}

TEST_F(DepartedTransactionsTest, AreTriedAgainWithTheSameProducerWhenKafkaDoesNotRespond) {
    answers.failures["a"] = {no_response};
    wait({"a", "b"});
    EXPECT_THAT(answers.initialised, IsEmpty());
    EXPECT_EQ(answers.alive, 1);
    EXPECT_THAT(answers.timeouts, ElementsAre(kSlice));

    transactions.tasks_wait({"a", "b"}, kSlice);
    EXPECT_THAT(answers.initialised, ElementsAre("a", "b"));
    EXPECT_EQ(answers.alive, 0);
}

TEST_F(DepartedTransactionsTest, ThatDoNotRespondAreDroppedWhenTheMemberComesBackOrTasksRun) {
    answers.failures["a"] = {no_response, no_response};
    wait({"a", "b"});
    transactions.tasks_wait({"b"}, kSlice);
    EXPECT_THAT(answers.initialised, ElementsAre("b")) << "a is a member again: not fenced";

    transactions.tasks_run();
    wait({"a"});
    EXPECT_EQ(answers.alive, 1);
    transactions.tasks_run();
    EXPECT_EQ(answers.alive, 0);
    EXPECT_THAT(answers.initialised, ElementsAre("b"));
}

TEST_F(DepartedTransactionsTest, ThatAreRefusedDoNotDelayOthers) {
    answers.failures["a"] = {{kafka::ErrorCode::kAuthorization, "no access"}};
    wait({"a", "refused", "b"});
    transactions.tasks_wait({"a", "refused", "b"}, kSlice);
    transactions.tasks_wait({"a", "refused", "b"}, kSlice);
    EXPECT_THAT(answers.initialised, ElementsAre("b"));
    EXPECT_EQ(answers.alive, 0);
}

}  // namespace
}  // namespace millrace::runtime
