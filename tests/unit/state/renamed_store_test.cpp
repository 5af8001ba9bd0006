// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/logging.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "support/fake_store_context.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace millrace::state {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Starts a task repeatedly, each time with other stores on disk.
class RenamedStore : public ::testing::Test {
  protected:
    struct Named {
        std::string name;
        bool logging = false;
    };

    /// Warnings of one start about stores that start empty. The task then writes each store.
    std::vector<std::string> warned_at_start(const std::vector<Named>& stores) {
        std::vector<std::string> warnings;
        set_log_sink([&](LogLevel level, std::string_view text) {
            if (level == LogLevel::kWarn && text.find("starts empty") != std::string_view::npos) {
                warnings.emplace_back(text);
            }
        });
        TaskStores::Options options;
        options.directory = folder.path();
        options.name = "0_1";
        for (const Named& store : stores) {
            detail::StoreSpec spec;
            spec.name = store.name;
            spec.logging = store.logging;
            options.specs.push_back(spec);
        }
        TaskStores task(std::move(options), memory);
        set_log_sink({});
        task.set_context(context);
        for (const Named& store : stores) {
            dynamic_cast<KeyValueBytesStore&>(*task.store(store.name)).put("key", "value");
        }
        task.commit(std::vector<std::optional<Offset>>(stores.size(), 0));
        task.close();
        return warnings;
    }

    testing::TemporaryDirectory folder;
    MemoryBudget memory{{}};
    testing::FakeStoreContext context;
};

TEST_F(RenamedStore, WithoutAChangelogIsReportedToStartEmpty) {
    EXPECT_THAT(warned_at_start({{"old"}}), IsEmpty()) << "nothing was there";
    EXPECT_THAT(warned_at_start({{"old"}}), IsEmpty()) << "it was there";
    EXPECT_THAT(warned_at_start({{"new"}}),
                ElementsAre(AllOf(HasSubstr("store new of task 0_1"), HasSubstr("no changelog"),
                                  HasSubstr(folder.path().string()))));
}

TEST_F(RenamedStore, WithoutAChangelogBesideOneThatHasOneIsReportedToStartEmpty) {
    warned_at_start({{"logged", true}, {"old"}});
    EXPECT_THAT(warned_at_start({{"logged", true}, {"new"}}),
                ElementsAre(HasSubstr("store new of task 0_1")));
}

TEST_F(RenamedStore, WithAChangelogIsNotReportedHere) {
    warned_at_start({{"old", true}});
    EXPECT_THAT(warned_at_start({{"new", true}}), IsEmpty());
}

}  // namespace
}  // namespace millrace::state
