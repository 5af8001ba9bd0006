// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crash/faulty_clients.hpp"
#include "crash/workloads.hpp"

#include "core/fail_point_names.hpp"
#include "millrace/client/streams_config.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::crash {

/// What happens to the client whose thread reaches the point.
enum class Failure {
    kCrash,   ///< It ends as a killed process; a successor gets its files.
    kFreeze,  ///< The thread stops until its successor has done the work, and then continues.
    kThrow,   ///< The thread gets an exception.
    kError,   ///< The request gets no response.
    kDelay,   ///< The thread sleeps for a moment.
};

struct Case {
    std::string workload;
    ProcessingGuarantee guarantee = ProcessingGuarantee::kAtLeastOnce;
    std::string point;
    Failure failure = Failure::kCrash;
    std::uint64_t hit = 1;
};

std::string to_string(Failure failure);
std::string to_string(ProcessingGuarantee guarantee);

/// "workload:guarantee:point:failure:hit", and back. Throws std::invalid_argument.
std::string to_string(const Case& which);
Case parse_case(const std::string& text);

/// What a run has left behind.
struct Outcome {
    std::map<std::string, Values> outputs;  ///< By topic, as a read_committed consumer gets them.
    std::array<std::uint64_t, fail_points::kCount> hits{};
    bool fired = false;
    std::vector<std::string> problems;  ///< Found without comparing with another run.
    std::string log;
};

/// Runs a workload on an embedded broker: a client starts, is closed and started again; a second
/// one joins and leaves; the first one loses its files and restores them; the input arrives in
/// between. With a case, this happens to the client that reaches the point.
Outcome run(const Workload& workload, ProcessingGuarantee guarantee,
            const std::optional<Case>& disturbance, Mistake mistake = Mistake::kNone);

/// What is wrong with the output of a disturbed run.
std::vector<std::string> differences(const Workload& workload, ProcessingGuarantee guarantee,
                                     const Outcome& undisturbed, const Outcome& disturbed);

}  // namespace millrace::crash
