//! Exit statuses, everywhere the same.
//!
//! Answers for: the one table. Never decides which applies.

use std::process::ExitCode;

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: as expected.
    Expected,
    /// 1: the scenario failed: an uncaught error, an assertion, a verdict or a trace that differs.
    Failed,
    /// 2: the file or the command line is wrong, and nothing was started.
    Wrong,
    /// 3: deadlock.
    Deadlock,
    /// 4: out of time, or over a limit.
    OverLimit,
    /// 5: a bug in conc.
    Bug,
    /// 128+n: ended by signal n.
    Signal(u8),
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Expected => 0,
            Exit::Failed => 1,
            Exit::Wrong => 2,
            Exit::Deadlock => 3,
            Exit::OverLimit => 4,
            Exit::Bug => 5,
            Exit::Signal(number) => 128 | number,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
