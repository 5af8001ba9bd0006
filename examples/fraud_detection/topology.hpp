// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scorer.hpp"

#include "millrace/millrace.hpp"

namespace fraud {

/// Watches the payments of topic "payments" in three ways; see README.md.
///
/// Every task gets a copy of `scorer`.
millrace::Topology fraud_detection(const Scorer& scorer = Scorer());

}  // namespace fraud
