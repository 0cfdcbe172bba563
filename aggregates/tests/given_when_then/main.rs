//! Given what happened, when somebody asks for something, then this happens or that rule refuses it.
//!
//! Every test is one chain on `cqrs-es`'s `TestFramework`. What is given is what earlier commands
//! made, so that the facts and the aggregate's own stream always agree.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod commands;
mod coverage;
mod document;
mod fixture;
mod key;
mod member;
mod member_refused;
mod messages;
mod organisation;
mod personal_data;
mod review;
mod role;
mod role_refused;
mod scope;
mod separation;
mod worlds;
