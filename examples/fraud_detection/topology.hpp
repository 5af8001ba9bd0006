// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scorer.hpp"

#include "millrace/millrace.hpp"

namespace fraud {

/// Monitors the payments of topic "payments" with three rules; see README.md.
///
/// Every task gets a copy of `scorer`.
millrace::Topology fraud_detection(const Scorer& scorer = Scorer());

}  // namespace fraud
