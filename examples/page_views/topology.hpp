// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/millrace.hpp"

/// Analyses the page views of a newspaper; keys and values are text.
///
/// Input topics: "views" (user -> article), "articles" (article -> author's id), "authors" (id ->
/// name). Output topics: "visits" (user -> "<pages> pages in <minutes> min", once for each visit,
/// at its end), "views-by-author" (name -> count, at most one update of an author per minute).
millrace::Topology page_views();
