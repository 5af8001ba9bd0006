// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/millrace.hpp"

/// Looks at the page views of a newspaper, in text throughout.
///
/// Topics read: "views" (user -> article), "articles" (article -> author's id), "authors" (id ->
/// name). Topics written: "visits" (user -> "<pages> pages in <minutes> min", once for each visit,
/// when it is over), "views-by-author" (name -> count, at most one update of an author a minute).
millrace::Topology page_views();
