//! The integration tests: one binary.

mod crash;
mod requirements;
mod store_contract;
mod cli;
mod import;
mod replay_cli;
