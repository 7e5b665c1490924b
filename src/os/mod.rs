//! The OS as a world: real processes and threads, a shared arena, futexes, kernel pipes.
//!
//! Answers for: everything that touches the operating system. All `unsafe` is below this module, each block with its
//! reason. Never parses, plans or words anything.

mod alloc;
mod arena;
mod at_once;
mod layout;
mod lists;
mod memory;
mod small_lock;
mod sys;

mod doom;

mod hand;
mod park;

mod object;

mod actor;
mod record;
mod rescue;
mod wake;

mod awaiting;
mod cases;
mod claim;
mod create;
mod cutoff;
mod duty;
mod failure;
mod output;
mod perform;
mod perturb;
mod process;
mod reap;
mod room;
mod select;
mod turns;
mod values;
mod workers;
mod world;

mod blocked;
mod collect;
mod death;
mod driver;
mod history;
mod launch;
mod place;
mod standstill;
mod supervisor;

pub use launch::{Captured, run_captured};
pub use memory::quarter_of_memory;
pub use supervisor::{Report, Request, supervise};

/// The number of processors of this host that a run may use.
pub fn cores() -> u32 {
    // Asking takes reading several files.
    static CORES: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *CORES.get_or_init(|| {
        std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
    })
}

/// Why a run could not be started, or could not be seen to its end.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The system refused something that every run needs.
    #[error("the system refused: {0}")]
    System(#[from] nix::Error),
    /// Reading or writing what passes between this process and the supervisor failed.
    #[error("the run could not be handed over: {0}")]
    Io(#[from] std::io::Error),
    /// The file that events are streamed to cannot be made.
    #[error("{}: {error}", .file.display())]
    Stream {
        /// Which.
        file: std::path::PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The objects of the scenario do not fit into the memory that its actors share.
    #[error("the memory that the actors of a run share is used up before it begins")]
    OutOfMemory,
    /// An object could not be made.
    #[error("{0}")]
    Object(String),
    /// The request could not be written down.
    #[error("the request could not be handed over")]
    Protocol,
    /// The supervisor refused the request.
    #[error("{0}")]
    Refused(String),
    /// The supervisor ended without a report.
    #[error("the supervisor ended without a report ({0})")]
    Supervisor(String),
}

impl From<object::Refused> for StartError {
    fn from(object::Refused { error, .. }: object::Refused) -> StartError {
        StartError::Object(format!("{}: {}", error.kind.name(), error.message))
    }
}
