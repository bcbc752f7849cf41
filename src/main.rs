//! The `pydoctor` command.

/// Facts are many small texts, made and dropped on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    pydoctor::cli::main()
}
