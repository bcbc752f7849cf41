//! The `pydoctor` command.

fn main() -> std::process::ExitCode {
    pydoctor::cli::main()
}
