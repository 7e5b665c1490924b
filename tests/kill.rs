//! Who is killed in the middle of anything leaves everything whole for the others.
//!
//! Each `tests/kill/*.conc` has a *victim*: the process of that name, or the actor that a line `# victim: NAME` names.
//! It is killed at every point of its operations in turn: before, in the middle of and after each change that others
//! may see (`os/doom.rs`). The scenario asserts what must hold whenever that is; each run must end well, and be one
//! that the machine can do. Those in `tests/kill/moments` are killed at random moments.

#[path = "kill/case.rs"]
mod case;

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "common/chance.rs"]
mod chance;

#[path = "kill/moments.rs"]
mod moments;

#[path = "kill/points.rs"]
mod points;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use case::Case;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kill");
    let mut trials: Vec<Trial> = case::files(&folder).into_iter().map(at_each_point).collect();
    trials.extend(case::files(&folder.join("moments")).into_iter().map(at_random_moments));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn name_of(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn at_random_moments(file: PathBuf) -> Trial {
    let name = name_of(&file);
    Trial::test(format!("moments::{name}"), move || {
        let tally = moments::check(&file).map_err(|why| Failed::from(format!("{}: {why}", file.display())))?;
        println!("{name}: {tally}");
        Ok(())
    })
}

fn at_each_point(file: PathBuf) -> Trial {
    let name = name_of(&file);
    Trial::test(format!("points::{name}"), move || {
        let case = Case::read(&file)?;
        let points = points::check(&case).map_err(|why| Failed::from(format!("{}: {why}", file.display())))?;
        println!("{name}: killed at {points} points");
        Ok(())
    })
}
