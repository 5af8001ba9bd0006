// SPDX-License-Identifier: Apache-2.0
#pragma once

// What most programs include: the DSL, and the serdes of plain types.
#include "millrace/core/error.hpp"
#include "millrace/core/record.hpp"
#include "millrace/core/time.hpp"
#include "millrace/dsl/branched_kstream.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/kstream.hpp"
#include "millrace/dsl/ktable.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/string.hpp"
#include "millrace/serde/uuid.hpp"
#include "millrace/windows/join_windows.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"
#include "millrace/windows/time_windows.hpp"
#include "millrace/windows/windowed.hpp"
