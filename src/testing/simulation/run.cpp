// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/run.hpp"

#include "testing/embedded/broker/cluster.hpp"
#include "testing/simulation/fault_injector.hpp"
#include "testing/simulation/input_writer.hpp"
#include "testing/simulation/instances.hpp"
#include "testing/simulation/invariants.hpp"
#include "testing/simulation/output_checks.hpp"
#include "testing/simulation/printed_bytes.hpp"
#include "testing/simulation/scheduler.hpp"
#include "testing/simulation/state_folders.hpp"
#include "testing/simulation/store_checks.hpp"
#include "testing/simulation/trace.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace millrace::testing::simulated {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// One run of an application, from its topics to the comparison of its output.
class Run {
  public:
    Run(const SimulatedApplication& application, const RunPlan& plan)
        : application_(application),
          plan_(plan),
          scheduler_(plan.seed, kSimulationStart),
          random_(plan.seed ^ 0x5eed),
          trace_(scheduler_, folders_.root()),
          world_{scheduler_, trace_, embedded::ClusterAccess::of(broker_), application_,
                 report_.violations},
          instances_(world_, folders_,
                     static_cast<std::size_t>(std::max(1, plan.options.instances)), plan.threads),
          faults_(world_, broker_, instances_),
          invariants_(broker_, application_.config.application_id) {}

    SimulationReport run();

  private:
    void live();
    void set_up();
    void look_at_invariants();
    void await_output();
    void await_quiet();
    void await_stores();
    void trace_records();
    void add(std::vector<std::string> violations);
    Output output() const;

    /// Records are repeated after a fault only.
    bool may_double() const {
        return !plan_.faults.empty() &&
               application_.config.processing_guarantee == ProcessingGuarantee::kAtLeastOnce;
    }

    /// Consumers read records of aborted transactions, too, unless they are read-committed.
    InputWriter::Transactions how_to_write() {
        using enum InputWriter::Transactions;
        if (!plan_.delays || !random_.one_in(3)) {
            return kNone;
        }
        return application_.config.processing_guarantee == ProcessingGuarantee::kExactlyOnceV2
                   ? kSomeAborted
                   : kCommitted;
    }

    std::vector<std::string> output_differences() const {
        return differences(application_, may_double(), *plan_.expected, output());
    }

    const SimulatedApplication& application_;
    const RunPlan& plan_;
    SimulationReport report_;
    Scheduler scheduler_;  // Before the broker, which takes its clock from it.
    RandomNumbers random_;
    StateFolders folders_;
    Trace trace_;
    EmbeddedBroker broker_;
    World world_;
    Instances instances_;
    FaultInjector faults_;
    Invariants invariants_;
    bool over_ = false;
};

SimulationReport Run::run() {
    report_.seed = plan_.seed;
    report_.input_records = plan_.input.size();
    for (const PlannedEvent& fault : plan_.faults) {
        report_.faults.push_back(to_string(fault));
    }
    try {
        scheduler_.run([this] { live(); },
                       10 * (plan_.options.duration + plan_.options.recovery) + 24h);
    } catch (const InternalError& error) {
        report_.violations.emplace_back(error.what());
        trace_.add(report_.violations.back());
    }
    report_.simulated_time = std::chrono::duration_cast<milliseconds>(scheduler_.passed());
    report_.trace = trace_.take();
    return std::move(report_);
}

void Run::live() {
    set_up();
    const void* const writer =
        scheduler_.start([this, writing = InputWriter(scheduler_, broker_, random_.split()),
                          how = how_to_write()]() mutable {
            writing.write(plan_.input, plan_.options.duration, how);
        });
    const void* const watcher = scheduler_.start([this] { look_at_invariants(); });
    for (int i = 0; i < plan_.instances; ++i) {
        instances_.start(static_cast<std::size_t>(i));
    }
    faults_.inject(plan_.faults);
    scheduler_.join(writer);
    faults_.heal();
    if (plan_.expected == nullptr) {
        await_quiet();
    } else {
        await_output();
    }
    await_stores();
    instances_.close_all();
    over_ = true;
    scheduler_.join(watcher);
    report_.output = output();
    if (plan_.expected != nullptr) {
        add(output_differences());
    }
    if (!report_.passed()) {
        trace_records();
    }
    for (const std::string& violation : report_.violations) {
        trace_.add("VIOLATION " + violation);
    }
}

/// All committed records, internal topics included.
void Run::trace_records() {
    for (const auto& [topic, partitions] : broker_.topics()) {
        for (const BrokerRecord& record : broker_.records(topic)) {
            trace_.add(millrace::to_string(TopicPartition{topic, record.partition}) + " offset " +
                       std::to_string(record.offset) + ": " + printed(record.key) + " = " +
                       printed(record.value) + " @" +
                       std::to_string(milliseconds_of(record.timestamp)));
        }
    }
}

void Run::set_up() {
    for (const auto& [name, partitions] : application_.topics) {
        broker_.create_topic(name, partitions);
    }
    InputWriter(scheduler_, broker_, random_).write_now(application_.prepared);
    const auto lock = world_.cluster->lock();
    if (plan_.defect) {
        world_.cluster->defects().add(*plan_.defect);
    }
    if (plan_.delays) {
        world_.cluster->set_delay([this] {
            faults_.on_request();
            return faults_.slow() ? random_.between(nanoseconds{1ms}, nanoseconds{400ms})
                                  : random_.between(nanoseconds{0}, nanoseconds{2ms});
        });
    }
}

void Run::look_at_invariants() {
    while (!over_) {
        invariants_.look(faults_.recreated(), report_.violations);
        scheduler_.pause(50ms);
    }
    invariants_.look(faults_.recreated(), report_.violations);
}

/// Undisturbed: until nothing is written any more.
void Run::await_quiet() {
    std::size_t before = 0;
    for (int quiet = 0; quiet < 3; ++quiet) {
        scheduler_.pause(5s);
        std::size_t records = 0;
        for (const auto& [topic, found] : output()) {
            records += found.size();
        }
        if (records != std::exchange(before, records)) {
            quiet = 0;
        }
    }
}

void Run::await_output() {
    const nanoseconds end = scheduler_.passed() + plan_.options.recovery;
    while (scheduler_.passed() < end && !output_differences().empty()) {
        scheduler_.pause(500ms);
    }
    scheduler_.pause(2s);  // Whatever comes after it is too much.
}

/// Tasks may still move after all output is there: instances that were away join at the end.
void Run::await_stores() {
    const Topology topology = application_.topology();
    const nanoseconds end = scheduler_.passed() + plan_.options.recovery;
    while (true) {
        auto found = store_differences(topology, application_.config.application_id, broker_,
                                       instances_.clients(), may_double());
        if (found.empty() || scheduler_.passed() >= end) {
            return add(std::move(found));
        }
        scheduler_.pause(500ms);
    }
}

void Run::add(std::vector<std::string> violations) {
    for (std::string& violation : violations) {
        report_.violations.push_back(std::move(violation));
    }
}

Output Run::output() const {
    Output found;
    for (const std::string& topic : application_.output) {
        found[topic] = broker_.records(topic);
    }
    return found;
}

}  // namespace

SimulationReport run(const SimulatedApplication& application, const RunPlan& plan) {
    return Run(application, plan).run();
}

}  // namespace millrace::testing::simulated
