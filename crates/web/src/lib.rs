//! How servers are asked that the user names: over HTTP, with TLS where the address says so.
//!
//! Nothing here knows what is asked.

pub mod agent;
