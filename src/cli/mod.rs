//! The command line: verbs and options, and which stage each of them asks.
//!
//! Answers for: one file a verb, exit statuses, which stream something goes to. Never does a stage's work.

mod exit;

mod run;

mod test;

mod check;

mod output;
mod plan;
mod repeat;
mod replay;

mod verify;

mod trace;

mod explain;

mod new;

mod packaging;

mod load;

mod observe;

mod mutate;

mod explain_size;

mod abreast;

mod duration;
mod size;

mod verdict;

mod terminal;

pub use exit::Exit;

use std::io::Write;
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};

/// Write a concurrency scenario, run it on real processes and threads, see it.
#[derive(Debug, Parser)]
#[command(name = "conc", version, disable_help_subcommand = true, propagate_version = true)]
#[command(after_help = "Exit status: 0 as expected, 1 the scenario failed, 2 the file or the command line is wrong,\n\
    3 deadlock, 4 out of time or over a limit, 5 a bug in conc, 128+n ended by signal n")]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb takes.
#[derive(Debug, clap::Args)]
struct Common {
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    #[arg(help = "When to use colours: auto, always or never")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Args),
    Check(check::Args),
    Test(test::Args),
    Plan(plan::Args),
    Trace(trace::Args),
    Explain(explain::Args),
    New(new::Args),
    Completions(packaging::CompletionsArgs),
    /// Print the manual page, in roff
    #[command(hide = true)]
    Man,
}

/// The command line of a program that can only run: setting up all verbs takes a tenth of the shortest run.
#[derive(Debug, Parser)]
struct Running {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: OnlyRun,
}

#[derive(Debug, Subcommand)]
enum OnlyRun {
    Run(run::Args),
}

impl Cli {
    /// Reads the arguments. Whatever is not a run that is told rightly is looked at with all verbs at hand.
    fn read() -> Result<Cli, clap::Error> {
        if std::env::args_os().nth(1).is_some_and(|verb| verb == "run")
            && let Ok(Running { common, verb: OnlyRun::Run(args) }) = Running::try_parse()
        {
            return Ok(Cli { common, verb: Verb::Run(args) });
        }
        Cli::try_parse()
    }
}

/// The whole command: reads the arguments, does what they say, gives the exit status.
pub fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Wrong } else { Exit::Expected }.into();
        }
    };
    match cli.common.color {
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
        ColorChoice::Auto => {}
    }
    let exit = match cli.verb {
        Verb::Run(args) => run::run(&args),
        Verb::Check(args) => check::check(&args),
        Verb::Test(args) => test::test(&args),
        Verb::Plan(args) => plan::plan(&args),
        Verb::Trace(args) => trace::trace(&args),
        Verb::Explain(args) => explain::explain(&args),
        Verb::New(args) => new::new(&args),
        Verb::Completions(args) => packaging::completions(&args, &mut Cli::command()),
        Verb::Man => packaging::man(Cli::command()),
    };
    exit.into()
}

/// Writes to standard output. A reader that has gone is no error of ours.
fn out(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Writes to standard error, with or without colours as the terminal and the options say.
fn err(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Says what is wrong, in one line.
fn complain(what: impl std::fmt::Display) {
    err(&format!("\u{1b}[1;31merror\u{1b}[0m: {what}\n"));
}
