// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/logging.hpp"
#include "state/budget/state_memory.hpp"
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

/// One start of a task after another, each with stores on disk of its own.
class RenamedStore : public ::testing::Test {
  protected:
    struct Named {
        std::string name;
        bool logging = false;
    };

    /// What a start warns of that begins empty. The task then writes each store and stops.
    std::vector<std::string> warned_at_start(const std::vector<Named>& stores) {
        std::vector<std::string> warnings;
        set_log_sink([&](LogLevel level, std::string_view text) {
            if (level == LogLevel::kWarn && text.find("begins empty") != std::string_view::npos) {
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
    StateMemory memory{{}};
    testing::FakeStoreContext context;
};

TEST_F(RenamedStore, WithoutAChangelogIsSaidToBeginEmpty) {
    EXPECT_THAT(warned_at_start({{"old"}}), IsEmpty()) << "nothing was there";
    EXPECT_THAT(warned_at_start({{"old"}}), IsEmpty()) << "it was there";
    EXPECT_THAT(warned_at_start({{"new"}}),
                ElementsAre(AllOf(HasSubstr("store new of task 0_1"), HasSubstr("no changelog"),
                                  HasSubstr(folder.path().string()))));
}

TEST_F(RenamedStore, WithoutAChangelogBesideOneThatHasOneIsSaidToBeginEmpty) {
    warned_at_start({{"logged", true}, {"old"}});
    EXPECT_THAT(warned_at_start({{"logged", true}, {"new"}}),
                ElementsAre(HasSubstr("store new of task 0_1")));
}

TEST_F(RenamedStore, WithAChangelogIsLeftToTheChangelog) {
    warned_at_start({{"old", true}});
    EXPECT_THAT(warned_at_start({{"new", true}}), IsEmpty());
}

}  // namespace
}  // namespace millrace::state
