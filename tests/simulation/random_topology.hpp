// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/millrace.hpp"
#include "millrace/testing/simulation.hpp"

#include <cstdint>

namespace millrace::simulation {

/// Adds a chain of random verbs from topic `in` to `out`: filters, new values and keys, merges with
/// topic `other`, joins with the table of topic `table`, counts, and at the end now and then a
/// reduction. Returns how its output can be compared with that of another run.
///
/// The values of a key do not depend on the order in which records of several partitions arrive.
/// After a count, verbs look at keys only: with at-least-once, a count may skip a number.
testing::OutputComparison add_random_chain(StreamsBuilder& builder, std::uint64_t seed);

}  // namespace millrace::simulation
