//! What a reader sees, for programs: the same on the command line and over HTTP.

pub(crate) mod backward;
pub(crate) mod cloud_event;
pub(crate) mod evidence;
pub(crate) mod explain;
pub(crate) mod eyes;
pub(crate) mod findings;
pub(crate) mod key;
pub(crate) mod log;
pub(crate) mod member;
pub(crate) mod review;
pub(crate) mod scope;
pub(crate) mod sight;
