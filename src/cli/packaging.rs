//! `conc completions` and `conc man`: for shells and packagers.
//!
//! Answers for: rendering what clap knows. Never writes a file.

use clap::Command;
use clap_complete::Shell;

use super::{Exit, complain, out};

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

pub(super) fn completions(args: &CompletionsArgs, command: &mut Command) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "conc", &mut script);
    out(&String::from_utf8_lossy(&script));
    Exit::Expected
}

pub(super) fn man(command: Command) -> Exit {
    let mut page = Vec::new();
    if let Err(error) = clap_mangen::Man::new(command).render(&mut page) {
        complain(error);
        return Exit::Bug;
    }
    out(&String::from_utf8_lossy(&page));
    Exit::Expected
}
