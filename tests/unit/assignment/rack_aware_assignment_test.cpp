// SPDX-License-Identifier: Apache-2.0

// Active tasks near the brokers of their partitions.
#include "assignment/task_assignment.hpp"
#include "support/random_clusters.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <limits>
#include <tuple>

namespace millrace::assignment {
namespace {

using support::RandomCluster;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using TaskPartitions = std::map<TaskId, std::vector<TopicPartition>>;
using State = RackTraffic::State;

constexpr TaskId k0{0, 0};
constexpr TaskId k1{0, 1};
constexpr TaskId k2{0, 2};
constexpr TaskId k3{0, 3};

TEST(RackTraffic, CountsThePartitionsWithoutAReplicaInTheRack) {
    const TaskPartitions tasks{{k0, {{"x", 0}, {"y", 0}}}, {k1, {{"x", 1}}}};
    const kafka::ReplicaRacks replicas{
        {{"x", 0}, {"a", "b"}}, {{"y", 0}, {"b"}}, {{"x", 1}, {"c"}}};

    const RackTraffic traffic({"b", "a", "b"}, tasks, replicas);

    ASSERT_EQ(traffic.state(), State::kKnown);
    EXPECT_EQ(traffic.racks(), 2U);
    EXPECT_EQ(traffic.rack_of(0), traffic.rack_of(2));
    EXPECT_EQ(traffic.from_other_racks(k0, traffic.rack_of(0)), 0);
    EXPECT_EQ(traffic.from_other_racks(k0, traffic.rack_of(1)), 1);
    EXPECT_EQ(traffic.from_other_racks(k1, traffic.rack_of(0)), 1);
    EXPECT_EQ(traffic.from_other_racks(k1, traffic.rack_of(1)), 1);
}

TEST(RackTraffic, IsUnknownUnlessAllRacksAreKnown) {
    const TaskPartitions tasks{{k0, {{"x", 0}}}};

    EXPECT_EQ(RackTraffic({"a", ""}, tasks, {{{"x", 0}, {"a"}}}).state(), State::kNoClientRack);
    EXPECT_EQ(RackTraffic({"a"}, tasks, {{{"x", 0}, {}}}).state(), State::kNoBrokerRack);
    EXPECT_EQ(RackTraffic({"a"}, tasks, {}).state(), State::kNotLookedUp);
}

/// Processes with one thread each, which has the name of its process.
class RackedGroup {
  public:
    RackedGroup() { options.rack_strategy = RackStrategy::kMinTraffic; }

    /// A task with one partition, which has its replicas in these racks.
    RackedGroup& task(TaskId task, const std::set<std::string>& racks, bool stateful = true) {
        cluster_.tasks.emplace(task, stateful);
        partitions_[task].push_back({std::to_string(task.sub_topology), task.partition});
        replicas_[partitions_[task].back()] = racks;
        return *this;
    }
    RackedGroup& process(const std::string& name, const std::string& rack,
                         const std::set<TaskId>& active = {}, TaskLags lags = {}) {
        for (const TaskId& task : active) {
            lags.try_emplace(task, 0);
        }
        cluster_.processes.push_back({.name = name,
                                      .threads = {{.member = name, .active = active}},
                                      .lags = std::move(lags)});
        racks_.push_back(rack);
        return *this;
    }
    TaskAssignment assign() {
        cluster_.traffic = RackTraffic(racks_, partitions_, replicas_);
        return assign_tasks(cluster_, options);
    }

    AssignorOptions options;

  private:
    Cluster cluster_;
    std::vector<std::string> racks_;
    TaskPartitions partitions_;
    kafka::ReplicaRacks replicas_;
};

TEST(RackAwareAssignment, TasksAreInTheRacksOfTheirPartitions) {
    RackedGroup group;
    group.task(k0, {"b"}).task(k1, {"a"}).task(k2, {"a", "c"}).task(k3, {"b", "c"});
    group.process("p", "a").process("q", "b");

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("p").active, ElementsAre(k1, k2));
    EXPECT_THAT(assigned.members.at("q").active, ElementsAre(k0, k3));
}

TEST(RackAwareAssignment, BalanceComesFirst) {
    RackedGroup group;
    group.task(k0, {"a"}).task(k1, {"a"}).task(k2, {"a"}).task(k3, {"b"});
    group.process("p", "a").process("q", "b");

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("p").active, SizeIs(2));
    EXPECT_THAT(assigned.members.at("q").active, testing::Contains(k3));
}

TEST(RackAwareAssignment, ARunningTaskMovesOnlyIfThatCostsLessThanTheTraffic) {
    const std::vector<std::tuple<int, int, bool>> costs{
        {10, 1, true}, {10, 9, true}, {10, 11, false}, {0, 0, false}, {1, 1, false}};
    for (const auto& [traffic, move, moves] : costs) {
        RackedGroup group;
        group.options.traffic_cost = traffic;
        group.options.non_overlap_cost = move;
        group.task(k0, {"a"}).task(k1, {"b"});
        group.process("p", "a", {k1}, {{k0, 0}}).process("q", "b", {k0}, {{k1, 0}});

        const TaskAssignment assigned = group.assign();

        EXPECT_THAT(assigned.members.at("p").active, ElementsAre(moves ? k0 : k1))
            << traffic << " " << move;
    }
}

TEST(RackAwareAssignment, StatelessTasksMoveWhateverTheCostOfAMove) {
    RackedGroup group;
    group.options.non_overlap_cost = 1'000'000;
    group.task(k0, {"a"}, false).task(k1, {"b"}, false);
    group.process("p", "a", {k1}).process("q", "b", {k0});

    EXPECT_THAT(group.assign().members.at("p").active, ElementsAre(k0));
}

TEST(RackAwareAssignment, OfEquallyNearProcessesTheOneWithTheStateRunsTheTask) {
    RackedGroup group;
    group.task(k0, {"a"}).task(k1, {"a"});
    group.process("p", "a").process("q", "a", {}, {{k0, 0}}).process("r", "b", {}, {{k0, 0}});
    group.task(k2, {"b"});

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("p").active, ElementsAre(k1));
    EXPECT_THAT(assigned.members.at("q").active, ElementsAre(k0));
    EXPECT_THAT(assigned.members.at("r").active, ElementsAre(k2));
}

TEST(RackAwareAssignment, ATaskIsCopiedBeforeItMovesToItsRack) {
    RackedGroup group;
    group.task(k0, {"a"}).task(k1, {"b"});
    group.process("p", "a", {k1}).process("q", "b", {k0});

    const TaskAssignment assigned = group.assign();

    EXPECT_THAT(assigned.members.at("p").active, ElementsAre(k1));
    EXPECT_THAT(assigned.members.at("p").standby, ElementsAre(k0));
    EXPECT_FALSE(assigned.complete);
}

TEST(RackAwareAssignment, SubTopologiesAreSpreadOrNotAsTheStrategySays) {
    RackedGroup group;
    group.task(k0, {"a"}).task(k1, {"a"}).task({1, 0}, {"b"}).task({1, 1}, {"b"});
    group.process("p", "a").process("q", "b");

    EXPECT_THAT(group.assign().members.at("p").active, ElementsAre(k0, k1));

    group.options.rack_strategy = RackStrategy::kBalanceSubTopology;
    for (const auto& [member, tasks] : group.assign().members) {
        ASSERT_THAT(tasks.active, SizeIs(2));
        EXPECT_NE(tasks.active[0].sub_topology, tasks.active[1].sub_topology) << member;
    }
}

TEST(RackAwareAssignment, IsThatWithoutAStrategyIfARackIsUnknown) {
    for (const RackStrategy strategy :
         {RackStrategy::kMinTraffic, RackStrategy::kBalanceSubTopology}) {
        RackedGroup group;
        group.options.rack_strategy = strategy;
        group.task(k0, {"a"}).task(k1, {"b"});
        group.process("p", "", {k1}).process("q", "b", {k0});

        EXPECT_THAT(group.assign().members.at("p").active, ElementsAre(k1));
    }
}

/// Gives the group random racks. The sum of the costs that Kafka Streams defines is to be small.
class RandomRacks {
  public:
    explicit RandomRacks(RandomCluster& group) : group_(group) {
        for (const auto& [task, stateful] : group.cluster.tasks) {
            for (int topic = 0, topics = group.pick(1, 2); topic < topics; ++topic) {
                partitions_[task].push_back({std::to_string(topic), task.partition});
                auto& racks = replicas_[partitions_[task].back()];
                for (int replica = group.pick(1, 2); replica > 0; --replica) {
                    racks.insert(rack());
                }
            }
        }
        find_traffic();
    }

    void find_traffic() {
        std::vector<std::string> racks;
        for (auto& process : group_.cluster.processes) {
            process.rack = process.rack.empty() ? rack() : process.rack;
            racks.push_back(process.rack);
        }
        group_.cluster.traffic = RackTraffic(racks, partitions_, replicas_);
    }

    /// Of the tasks where they run now, if they ran at `before` before.
    std::int64_t cost(const std::map<TaskId, std::string>& before) const {
        std::int64_t sum = 0;
        for (ProcessIndex index = 0; index < group_.cluster.processes.size(); ++index) {
            const MemberProcess& process = group_.cluster.processes[index];
            const auto& traffic = group_.cluster.traffic;
            for (const auto& [task, stateful] : group_.cluster.tasks) {
                if (process.runs(task)) {
                    const auto was = before.find(task);
                    const bool moved = was != before.end() && was->second != process.name;
                    const auto remote = traffic.from_other_racks(task, traffic.rack_of(index));
                    sum += stateful ? 10 * remote + (moved ? 1 : 0) : remote;
                }
            }
        }
        return sum;
    }

  private:
    std::string rack() { return std::string(1, static_cast<char>('a' + group_.pick(0, 2))); }

    RandomCluster& group_;
    TaskPartitions partitions_;
    kafka::ReplicaRacks replicas_;
};

std::size_t spread(const RandomCluster& group, const std::function<bool(TaskId)>& counts) {
    std::size_t least = std::numeric_limits<std::size_t>::max();
    std::size_t most = 0;
    for (const auto& process : group.cluster.processes) {
        for (const auto& thread : process.threads) {
            const auto count = static_cast<std::size_t>(
                std::count_if(thread.active.begin(), thread.active.end(), counts));
            least = std::min(least, count);
            most = std::max(most, count);
        }
    }
    return most - least;
}

void expect_balanced(const RandomCluster& group) {
    EXPECT_LE(spread(group, [](TaskId) { return true; }), 1U);
    EXPECT_LE(spread(group, [&](TaskId task) { return group.cluster.tasks.at(task); }), 1U);
    for (int part = 0; part < 5; ++part) {
        EXPECT_TRUE(group.options.rack_strategy == RackStrategy::kMinTraffic ||
                    spread(group, [part](TaskId task) { return task.sub_topology == part; }) <= 1)
            << "sub-topology " << part;
    }
}

class RackAwareProperties : public ::testing::TestWithParam<RackStrategy> {
  protected:
    static constexpr int kMostRounds = 400;

    static void settle(RandomCluster& group) {
        int rounds = 0;
        group.converge(kMostRounds, rounds);
        ASSERT_LE(rounds, kMostRounds) << "no end of probing";
    }

    /// What the tasks cost after the group has settled with that strategy, and after it has settled
    /// again with another process.
    static std::pair<std::int64_t, std::int64_t> costs(unsigned seed, RackStrategy strategy) {
        RandomCluster group(seed);
        RandomRacks racks(group);
        settle(group);  // Without a strategy: all have the same beginning.
        auto before = group.owners();
        group.options.rack_strategy = strategy;
        settle(group);
        const auto first = racks.cost(before);
        expect_balanced(group);

        before = group.owners();
        settle(group);
        EXPECT_EQ(group.owners(), before) << "nothing moves twice";
        return {first, racks.cost({})};
    }
};

TEST_P(RackAwareProperties, TasksCostNoMoreThanWithoutAStrategyAndStayBalanced) {
    std::int64_t with = 0;
    std::int64_t without = 0;
    for (unsigned seed = 0; seed < 300 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto [cost, traffic] = costs(seed, GetParam());
        const auto [usual, usual_traffic] = costs(seed, RackStrategy::kNone);
        EXPECT_LE(cost, usual);
        EXPECT_LE(traffic, usual_traffic);
        with += traffic;
        without += usual_traffic;
    }
    EXPECT_LT(with * 10, without * 7) << "of all groups together";
}

TEST_P(RackAwareProperties, TasksAreValidAndSettleWhateverTheStateIs) {
    for (unsigned seed = 0; seed < 300 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        RandomCluster group(seed);
        RandomRacks racks(group);
        group.scatter_state();
        group.options.rack_strategy = GetParam();
        settle(group);
        EXPECT_EQ(group.owners().size(), group.cluster.tasks.size());
        expect_balanced(group);

        group.add_process();
        racks.find_traffic();
        settle(group);
        expect_balanced(group);
    }
}

INSTANTIATE_TEST_SUITE_P(Strategies, RackAwareProperties,
                         ::testing::Values(RackStrategy::kMinTraffic,
                                           RackStrategy::kBalanceSubTopology),
                         [](const auto& each) {
                             return std::string(each.param == RackStrategy::kMinTraffic
                                                    ? "MinTraffic"
                                                    : "BalanceSubTopology");
                         });

}  // namespace
}  // namespace millrace::assignment
