//! The PostgreSQL engine against a real server.

mod conformance;
mod server;
