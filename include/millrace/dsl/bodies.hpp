// SPDX-License-Identifier: Apache-2.0
#pragma once

// The classes of the DSL hand out each other: first all declarations, then all bodies.
#include "millrace/dsl/branched_kstream.hpp"
#include "millrace/dsl/cogrouped_kstream.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/kstream.hpp"
#include "millrace/dsl/ktable.hpp"
#include "millrace/dsl/session_windowed_kstream.hpp"
#include "millrace/dsl/streams_builder.hpp"

#include "millrace/dsl/bodies/cogrouped.hpp"
#include "millrace/dsl/bodies/foreign_key_joins.hpp"
#include "millrace/dsl/bodies/grouped.hpp"
#include "millrace/dsl/bodies/kstream.hpp"
#include "millrace/dsl/bodies/kstream_joins.hpp"
#include "millrace/dsl/bodies/kstream_process.hpp"
#include "millrace/dsl/bodies/ktable.hpp"
#include "millrace/dsl/bodies/ktable_joins.hpp"
#include "millrace/dsl/bodies/session_windowed.hpp"
#include "millrace/dsl/bodies/stream_joins.hpp"
#include "millrace/dsl/bodies/streams_builder.hpp"
#include "millrace/dsl/bodies/suppress.hpp"
