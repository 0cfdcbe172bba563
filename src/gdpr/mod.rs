//! What data-protection law asks of a record of access: a person's data handed out (Articles 15 and 20 of the GDPR),
//! erased (17), and the record of what is kept, why and for how long (30).

mod dossier;
mod erasure;
mod html;
mod keys;
mod register;
mod spans;

pub use dossier::{Dossier, Look, PastDetail, Person};
pub use erasure::{Erasure, Reapplied, Receipt, finish, reapply};
pub use html::page;
pub use keys::{export_keys, import_keys};
pub use register::{Due, Kind, Periods, Record, due, due_now, record, register};
pub use spans::Span;
