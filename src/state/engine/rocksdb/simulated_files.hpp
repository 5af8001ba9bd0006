// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rocksdb {
class Env;
}

namespace millrace::state {

/// For rocksdb::DBOptions::env in a simulation: the file system, except that writing to files on a
/// full disk (core/simulated_disk.hpp), and creating files there, fails. Lives until the process
/// ends.
rocksdb::Env* simulated_files();

}  // namespace millrace::state
