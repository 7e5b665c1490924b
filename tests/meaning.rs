//! What each primitive does at each of its edges: one small scenario an edge, in every world.
//!
//! `tests/meaning/*.conc` hold under every schedule what they assert; one that shows a failure says which, and in the
//! line above its `expect`, whether `# every schedule` or `# some schedules` show it. Worlds are added to [`WORLDS`].
//! `# also: threads` (or `processes`) in its header runs it once more with its actors made so; `# conformance: 17, 18`
//! says which lines of the reference it shows, see `tests/conformance.rs`.

#[path = "meaning/free.rs"]
mod free;

#[path = "meaning/turns.rs"]
mod turns;

#[path = "meaning/machine.rs"]
mod machine;

#[path = "meaning/case.rs"]
mod case;

#[path = "meaning/form.rs"]
mod form;

use std::path::Path;
use std::process::ExitCode;

use case::Case;
use form::Form;
use libtest_mimic::{Arguments, Failed, Trial};

/// A way to perform a scenario, and to judge what came of it.
struct World {
    name: &'static str,
    check: fn(&Case) -> Result<(), String>,
}

const WORLDS: &[World] = &[
    World { name: "free", check: free::check },
    World { name: "turns", check: turns::check },
    World { name: "machine", check: machine::check },
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/meaning");
    let mut trials = vec![Trial::test("there_are_scenarios", {
        let cases = case::files(&folder).len();
        move || if cases >= 80 { Ok(()) } else { Err(Failed::from(format!("only {cases} scenarios"))) }
    })];
    for file in case::files(&folder) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        match Form::of(&text) {
            Ok(forms) => trials.extend(forms.into_iter().flat_map(|form| in_every_world(&file, &name, form))),
            Err(message) => trials.push(Trial::test(name, || Err(Failed::from(message)))),
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The tests of a scenario in one of its forms.
fn in_every_world(file: &Path, name: &str, form: Form) -> impl Iterator<Item = Trial> {
    let suffix = match form {
        Form::Written => "",
        Form::Threads => "::threads",
        Form::Processes => "::processes",
    };
    WORLDS.iter().map(move |world| {
        let file = file.to_path_buf();
        Trial::test(format!("{}::{name}{suffix}", world.name), move || {
            let case = Case::read(&file, form)?;
            (world.check)(&case).map_err(|message| Failed::from(format!("{}: {message}", file.display())))
        })
    })
}
