// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/millrace.hpp"

/// Counts the words of topic "lines" and writes the updated counts to topic "word-counts".
millrace::Topology word_count();
