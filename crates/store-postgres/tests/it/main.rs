//! The PostgreSQL engine against a real server, directly and through a real PgBouncer.

mod conformance;
mod locks;
mod migrations;
mod plans;
mod pooler;
mod schema;
mod server;
mod shutdown;
mod silence;
mod tls;
