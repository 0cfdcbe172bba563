//! The service over real HTTP: a server on a port of its own, and a client that knows nothing of it.

mod audit;
mod authzen;
mod authzen_spec;
mod backup;
mod batch;
mod connections;
mod description;
mod evidence;
mod faults;
mod feed;
mod keys;
mod metrics;
mod organisations;
mod parity;
mod privacy;
mod program;
mod rest;
mod reviews;
mod roles;
mod rules;
pub(crate) mod server;
mod tls;
pub(crate) mod traces;
mod world;

/// Each test on every store.
macro_rules! on_every_store {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&$crate::api::world::World::on_sqlite());
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                super::$name(&$crate::api::world::World::on_postgres());
            })*
        }
    };
}
use on_every_store;
