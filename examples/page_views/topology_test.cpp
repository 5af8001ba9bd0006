// SPDX-License-Identifier: Apache-2.0
#include "topology.hpp"

#include "millrace/testing/topology_test_driver.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <string>

namespace {

using namespace std::chrono_literals;
using millrace::Timestamp;
using millrace::testing::TopologyTestDriver;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr Timestamp at(std::chrono::minutes time) {
    return Timestamp(std::chrono::hours(24)) + time;
}

class PageViews : public ::testing::Test {
  protected:
    void view(const std::string& user, const std::string& article, std::chrono::minutes time) {
        driver.input_topic<std::string, std::string>("views").pipe(user, article, at(time));
    }
    void article(const std::string& name, const std::string& author) {
        driver.input_topic<std::string, std::string>("articles").pipe(name, author, at(0min));
    }
    void author(const std::string& id, const std::string& name) {
        driver.input_topic<std::string, std::string>("authors").pipe(id, name, at(0min));
    }
    auto visits() {
        return driver.output_topic<std::string, std::string>("visits").drain_key_values();
    }
    auto views_by_author() {
        return driver.output_topic<std::string, std::int64_t>("views-by-author").drain_key_values();
    }

    TopologyTestDriver driver{page_views()};
};

TEST_F(PageViews, ReportAVisitOnceWhenItEnds) {
    view("ann", "a1", 0min);
    view("ann", "a2", 10min);
    view("ann", "a3", 12min);
    view("bob", "a1", 40min);
    EXPECT_THAT(visits(), IsEmpty()) << "another view might still belong to it";

    view("bob", "a1", 50min);

    EXPECT_THAT(visits(), ElementsAre(Pair("ann", "3 pages in 12 min")));
}

TEST_F(PageViews, AreCountedForTheCurrentAuthor) {
    author("1", "Ann");
    author("2", "Bob");
    article("a1", "1");
    view("u", "a1", 1min);
    article("a1", "2");
    view("u", "a1", 2min);
    view("u", "a1", 3min);
    view("u", "a2", 4min);
    view("u", "a1", 9min);

    EXPECT_THAT(views_by_author(), ElementsAre(Pair("Ann", 1), Pair("Bob", 2)))
        << "the view at 9 min waits for its minute to pass";
}

}  // namespace
