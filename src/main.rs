//! The `conc` command.

fn main() -> std::process::ExitCode {
    conc::cli::main()
}
