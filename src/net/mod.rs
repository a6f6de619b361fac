//! The HTTP transport of sync.
