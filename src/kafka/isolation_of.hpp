// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"

namespace millrace::kafka {

/// The isolation level of a consumer with these settings. As in librdkafka, the default is
/// read_committed.
inline Isolation isolation_of(const ClientSettings& settings) {
    const auto found = settings.find("isolation.level");
    return found == settings.end() || found->second == "read_committed"
               ? Isolation::kReadCommitted
               : Isolation::kReadUncommitted;
}

}  // namespace millrace::kafka
