//! The integration tests: one binary.

mod crash;
mod requirements;
mod store_contract;
