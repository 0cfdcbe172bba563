//! Import from other systems.
