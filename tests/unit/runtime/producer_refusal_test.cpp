// SPDX-License-Identifier: Apache-2.0

// How a collector handles a producer that cannot be used any more.
#include "millrace/core/error.hpp"
#include "runtime/commit/producer_collector.hpp"
#include "runtime/task/task_errors.hpp"
#include "support/null_clients.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Stores the listener of its producer.
class TellingClients final : public kafka::ClientSupplier {
  public:
    std::unique_ptr<kafka::Consumer> make_consumer(
        const kafka::ClientSettings& settings,
        std::shared_ptr<kafka::GroupAssignor> assignor) override {
        return clients_.make_consumer(settings, std::move(assignor));
    }
    std::unique_ptr<kafka::Producer> make_producer(const kafka::ClientSettings& settings,
                                                   kafka::ProducerListener& listener) override {
        listener_ = &listener;
        return clients_.make_producer(settings, listener);
    }
    std::unique_ptr<kafka::Admin> make_admin(const kafka::ClientSettings& settings) override {
        return clients_.make_admin(settings);
    }

    void tell(kafka::ErrorCode code) {
        listener_->on_error({code, "not any more", {.fatal = true}});
    }

  private:
    support::NullClients clients_;
    kafka::ProducerListener* listener_ = nullptr;
};

class ProducerRefusal : public ::testing::Test {
  protected:
    ManualClock clock;
    std::shared_ptr<TellingClients> clients = std::make_shared<TellingClients>();
    ProducerCollector collector{
        {.supplier = clients, .settings = std::make_shared<TaskSettings>(), .clock = &clock}};
};

TEST_F(ProducerRefusal, EndsTheThreadWhenItIsNotAuthorizedToWrite) {
    clients->tell(kafka::ErrorCode::kAuthorization);

    EXPECT_THAT([this] { collector.poll(); },
                ThrowsMessage<ProcessingError>(HasSubstr("not any more")));
}

TEST_F(ProducerRefusal, IsReplacedWhenItIsFenced) {
    clients->tell(kafka::ErrorCode::kFenced);

    EXPECT_THAT([this] { collector.poll(); },
                ThrowsMessage<RestartFromCommit>(HasSubstr("not any more")));
}

}  // namespace
}  // namespace millrace::runtime
