// SPDX-License-Identifier: Apache-2.0
#pragma once

// The classes of the DSL return each other: first all declarations, then all bodies.
#include "millrace/dsl/branched_kstream.hpp"
#include "millrace/dsl/cogrouped_kstream.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/kstream.hpp"
#include "millrace/dsl/ktable.hpp"
#include "millrace/dsl/session_windowed_kstream.hpp"
#include "millrace/dsl/streams_builder.hpp"

#include "millrace/detail/dsl/cogrouped.hpp"
#include "millrace/detail/dsl/foreign_key_joins.hpp"
#include "millrace/detail/dsl/grouped.hpp"
#include "millrace/detail/dsl/kstream.hpp"
#include "millrace/detail/dsl/kstream_joins.hpp"
#include "millrace/detail/dsl/kstream_process.hpp"
#include "millrace/detail/dsl/ktable.hpp"
#include "millrace/detail/dsl/ktable_joins.hpp"
#include "millrace/detail/dsl/session_windowed.hpp"
#include "millrace/detail/dsl/stream_joins.hpp"
#include "millrace/detail/dsl/streams_builder.hpp"
#include "millrace/detail/dsl/suppress.hpp"
