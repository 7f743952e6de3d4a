//! The journal port and its implementations. It must not know channels or HTTP.
