// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace millrace::state {

/// Base class of the views with headers of all kinds of stores; see
/// detail::StoreHooks::with_headers. `Face` is the interface of the kind, `Store` its class. The
/// store owns the view.
template <class Face, class Store>
class HeadersView : public Face {
  public:
    explicit HeadersView(Store& store) : store_(&store) {}

    const std::string& name() const final { return store_->name(); }
    bool persistent() const final { return store_->persistent(); }

  protected:
    Store* store_;
};

}  // namespace millrace::state
