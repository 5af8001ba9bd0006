// SPDX-License-Identifier: Apache-2.0

// Where a client starts to read if nothing was committed.
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OffsetResets : public support::EmbeddedApplication {
  protected:
    /// The results for a record from before the start and one from after it.
    std::vector<std::string> outputs(const std::string& reset) {
        create_topics(1);
        broker.produce("in", {.key = "k", .value = "before"});
        StreamsConfig with = config();
        with.set("auto.offset.reset", reset);
        StreamsBuilder builder;
        builder.stream<std::string, std::string>("in")
            .peek([this](const std::string& value) {
                if (value == "after") {
                    processed.happened();
                }
            })
            .to("out");
        const auto streams = client(std::move(builder).build(), with);
        keep_errors(*streams);
        support::Events running;
        streams->set_state_listener([&](ClientState now, ClientState) {
            if (now == ClientState::kRunning) {
                running.happened();
            }
        });
        streams->start();
        if (reset == "none") {
            EXPECT_TRUE(uncaught.wait_for(1));
        } else {
            EXPECT_TRUE(running.wait_for(1));
            broker.produce("in", {.key = "k", .value = "after"});
            EXPECT_TRUE(processed.wait_for(1));
        }
        EXPECT_TRUE(streams->close(60s));
        std::vector<std::string> values;
        for (const auto& record : broker.records("out")) {
            values.push_back(*record.value);
        }
        return values;
    }
};

TEST_F(OffsetResets, EarliestStartsWithTheFirstRecord) {
    EXPECT_THAT(outputs("earliest"), ElementsAre("before", "after"));
}

TEST_F(OffsetResets, LatestStartsWithRecordsAfterTheStart) {
    EXPECT_THAT(outputs("latest"), ElementsAre("after"));
}

TEST_F(OffsetResets, NoneEndsTheClientWhenNothingWasCommitted) {
    EXPECT_THAT(outputs("none"), ElementsAre());
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("auto.offset.reset")));
}

}  // namespace
}  // namespace millrace
