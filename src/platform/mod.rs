//! The reference platform: HTTP server, stores, administration.
