// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/task/stream_task.hpp"
#include "state/budget/memory_budget.hpp"
#include "support/fake_record_collector.hpp"
#include "support/messages.hpp"
#include "support/test_nodes.hpp"
#include "topology/task_topology.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::runtime {

/// source "in" -> node "count" with store "counts" -> sink "out"; "count" runs `calls`.
class StreamTaskTest : public ::testing::Test {
  protected:
    StreamTaskTest() {
        settings->application_id = "app";
        settings->setting = [](std::string_view name) { return "<" + std::string(name) + ">"; };
        calls.process = [](support::LambdaNode& node, const support::StringRecord& record) {
            node.forward(record);
        };
        spec.nodes.push_back(support::source_spec("source", {"in", "other"}));
        spec.nodes.push_back(support::lambda_spec(
            "count", {"source"},
            {.init = [this](support::LambdaNode& node) { calls.init ? calls.init(node) : void(); },
             .process = [this](
                            support::LambdaNode& node,
                            const support::StringRecord& record) { calls.process(node, record); },
             .close =
                 [this](support::LambdaNode& node) { calls.close ? calls.close(node) : void(); }},
            {"counts"}));
        spec.nodes.push_back(support::sink_spec("sink", {"count"}, "out"));
        spec.stores.push_back({.name = "counts", .engine = StoreEngine::kInMemory});
        application = topology::split(spec, "app");
        make();
    }

    void make() {
        const topology::SubTopology& part = application.sub_topologies.at(0);
        task = std::make_unique<StreamTask>(StreamTask::Parts{
            .id = {0, 3},
            .application = &application,
            .part = &part,
            .inputs = {{"in", 3}, {"other", 3}},
            .stores = std::make_unique<state::TaskStores>(
                state::TaskStores::Options{.directory = {}, .name = "0_3", .specs = spec.stores},
                memory),
            .collector = &collector,
            .settings = settings});
    }

    void start(
        std::vector<kafka::CommittedOffset> committed = std::vector<kafka::CommittedOffset>(2)) {
        task->start_restoring();
        task->stores().finish_restore(0, std::nullopt);
        task->complete_restoration(committed, timestamp_of(1000));
        task->attach(0, in);
        task->attach(1, other);
    }

    void add(std::string value, std::int64_t time, Offset offset) {
        in.add({.key = "k",
                .value = std::move(value),
                .timestamp = timestamp_of(time),
                .offset = offset});
    }

    std::size_t run(std::size_t max = 100) {
        task->fetch();
        return task->process(max, timestamp_of(2000));
    }

    std::vector<std::string> out() {
        std::vector<std::string> values;
        for (const auto& record : collector.take()) {
            if (record.topic == "out") {
                values.push_back(record.value.value_or("null"));
            }
        }
        return values;
    }

    std::vector<kafka::OffsetCommit> prepare() {
        std::vector<kafka::OffsetCommit> offsets;
        task->prepare_commit(offsets);
        return offsets;
    }

    support::LambdaNode::Calls calls;
    detail::TopologySpec spec;
    topology::ApplicationTopology application;
    state::MemoryBudget memory{{}};
    support::FakeRecordCollector collector;
    support::MessageStock stock;
    support::FakePartitionQueue in{stock};
    support::FakePartitionQueue other{stock};
    std::shared_ptr<TaskSettings> settings = std::make_shared<TaskSettings>();
    std::unique_ptr<StreamTask> task;
};

}  // namespace millrace::runtime
