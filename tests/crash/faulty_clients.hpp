// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"

#include <memory>

namespace millrace::crash {

/// Deliberate mistakes, with which the checks of a run must fail.
enum class Mistake {
    kNone,
    kFlushDoesNotWait,         ///< Offsets are committed before the output is delivered.
    kOffsetsNotInTransaction,  ///< Every second transaction is committed without offsets.
    kNoOffsets,                ///< Transactions are committed without offsets.
    kAbortCommits,             ///< Output of an aborted transaction becomes visible.
    kRestoresUncommitted,      ///< Changelog records of aborted transactions are restored.
    kChangelogNotWritten,      ///< The store of counts is not backed up.
    kFilesLost,                ///< Files of a crashed client are lost.
};

/// Clients that make the mistake.
std::shared_ptr<kafka::ClientSupplier> faulty(std::shared_ptr<kafka::ClientSupplier> clients,
                                              Mistake mistake);

}  // namespace millrace::crash
