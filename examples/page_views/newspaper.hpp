// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/testing/embedded_broker.hpp"

/// Creates all topics of the application on `broker`, and writes three authors and ten articles.
void publish_articles(millrace::testing::EmbeddedBroker& broker);

/// `views` views of twenty users in one day, then one of a user "nobody" late on the next day,
/// which closes all earlier visits and sends all counts.
void read_articles(millrace::testing::EmbeddedBroker& broker, int views, unsigned seed);
