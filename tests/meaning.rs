//! What each primitive does at each of its edges: one small scenario an edge, in every world.
//!
//! `tests/meaning/*.conc` hold under every schedule what they assert; one that shows a failure says which, and in the
//! line above its `expect`, whether `# every schedule` or `# some schedules` show it. Worlds are added to [`WORLDS`].

#[path = "meaning/free.rs"]
mod free;

#[path = "meaning/case.rs"]
mod case;

use std::path::Path;
use std::process::ExitCode;

use case::Case;
use libtest_mimic::{Arguments, Failed, Trial};

/// A way to perform a scenario, and to judge what came of it.
struct World {
    name: &'static str,
    check: fn(&Case) -> Result<(), String>,
}

const WORLDS: &[World] = &[World { name: "free", check: free::check }];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/meaning");
    let mut trials = vec![Trial::test("there_are_scenarios", {
        let cases = case::files(&folder).len();
        move || if cases >= 80 { Ok(()) } else { Err(Failed::from(format!("only {cases} scenarios"))) }
    })];
    for file in case::files(&folder) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for world in WORLDS {
            let file = file.clone();
            trials.push(Trial::test(format!("{}::{name}", world.name), move || {
                let case = Case::read(&file)?;
                (world.check)(&case).map_err(|message| Failed::from(format!("{}: {message}", file.display())))
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
