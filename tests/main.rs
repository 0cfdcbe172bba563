//! The integration tests: one binary.

mod cli;
mod crash;
mod import;
mod matrix;
mod replay_cli;
mod requirements;
mod store_contract;
