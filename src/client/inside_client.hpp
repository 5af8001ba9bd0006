// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread.hpp"

namespace millrace::client {

/// During its lifetime, the calling thread runs code of that client: it is one of the client's
/// threads, or it calls one of its listeners. Such a thread must not wait for the client to end,
/// nor for another thread of it. Objects may nest, because code of one client may call another
/// client.
class InsideClient {
  public:
    explicit InsideClient(const void* client) noexcept : client_(client), outer_(innermost()) {
        thread_locals.inside_client = this;
    }
    ~InsideClient() { thread_locals.inside_client = outer_; }
    InsideClient(const InsideClient&) = delete;
    InsideClient& operator=(const InsideClient&) = delete;

    /// Whether the calling thread runs code of that client.
    static bool is(const void* client) noexcept {
        for (const InsideClient* each = innermost(); each != nullptr; each = each->outer_) {
            if (each->client_ == client) {
                return true;
            }
        }
        return false;
    }

    /// The client whose code the calling thread runs; null: none.
    static const void* current() noexcept {
        return innermost() == nullptr ? nullptr : innermost()->client_;
    }

  private:
    static const InsideClient* innermost() noexcept {
        return static_cast<const InsideClient*>(thread_locals.inside_client);
    }

    const void* client_;
    const InsideClient* outer_;
};

}  // namespace millrace::client
