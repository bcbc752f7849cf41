//! The `pydoctor` command.

/// Its `malloc` stands for that of the system, in Rust as in C: facts are many small texts, made and dropped on several
/// threads.
use mimalloc as _;

fn main() -> std::process::ExitCode {
    pydoctor::cli::main()
}
