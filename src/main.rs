//! The `chancery` program: everything is in the library.

use std::process::ExitCode;

/// Decisions and projections make many small values and drop them, often on another thread: the system's
/// allocator takes a third of their time. Whoever embeds the library has an allocator already.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    chancery::cli::main()
}
