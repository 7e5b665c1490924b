//! The examples in the documentation: they are scenarios, and print what stands below them.

use std::path::Path;

use conc::schedule::Replay;
use conc::{RunOptions, Scenario, Schedule, report};

/// A fenced block: its language, its text, the line where it begins.
struct Fenced {
    language: String,
    text: String,
    line: usize,
    /// Nothing but blank lines stands between the block before and this one.
    follows: bool,
}

fn fenced(markdown: &str) -> Vec<Fenced> {
    let mut blocks: Vec<Fenced> = Vec::new();
    let (mut inside, mut follows) = (false, false);
    for (number, line) in markdown.lines().enumerate() {
        match (line.strip_prefix("```"), inside) {
            (Some(language), false) => {
                blocks.push(Fenced { language: language.into(), text: String::new(), line: number + 1, follows });
                inside = true;
            }
            (Some(_), true) => (inside, follows) = (false, true),
            (None, true) => {
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            (None, false) => follows &= line.trim().is_empty(),
        }
    }
    blocks
}

fn read(page: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap()
}

/// The page of diagnostics is what the table says; `INSTA_UPDATE=always` writes it anew, as it does with snapshots.
#[test]
fn diagnostics() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics.md");
    let page = report::explain::page();
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&file, &page).unwrap();
    }
    assert!(read("docs/diagnostics.md") == page, "docs/diagnostics.md is not what the table of codes says");
}

/// `conc` blocks are correct; where a `text` block follows, they are run and print it. `conc parse` blocks are only
/// parts.
#[test]
fn examples() {
    let mut run = 0;
    for page in ["README.md", "docs/language.md", "docs/replay.md"] {
        let blocks = fenced(&read(page));
        for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "conc") {
            let place = format!("{page}:{}", block.line);
            let scenario = Scenario::named(&place, &block.text);
            let said = report::diagnostic::render(scenario.source(), scenario.diagnostics(), false);
            assert!(scenario.is_correct(), "{said}");
            let Some(printed) = blocks.get(at + 1).filter(|next| next.follows && next.language == "text") else {
                continue;
            };
            assert_eq!(said, "", "{place}");
            let plan = scenario.plan(&[]).unwrap_or_else(|_| panic!("{place} has no plan"));
            let seen = plan.run(&RunOptions::default()).unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!(seen.output(), printed.text, "{place}: {:?} {:?}", seen.ending, seen.errors());
            run += 1;
        }
    }
    assert!(run > 10, "the examples are run");
}

/// The replay that stands in the documentation is one of the scenario above it, and leads to what is said there.
#[test]
fn replay() {
    let blocks = fenced(&read("docs/replay.md"));
    let text = |language: &str| &blocks.iter().find(|block| block.language == language).unwrap().text;
    let plan = Scenario::named("stock.conc", text("conc")).plan(&[]).unwrap();
    let replay = Replay::from_ron(text("ron")).unwrap();
    assert!(replay.is_of(&plan), "the replay is of {}, the scenario is {}", replay.scenario, plan.hash());
    // Cut short, it still shows it.
    for steps in [replay.steps.len(), 4] {
        let mut replay = replay.clone();
        replay.steps.truncate(steps);
        let options = RunOptions { schedule: Schedule::Replay(replay.into()), ..RunOptions::default() };
        let run = plan.run(&options).unwrap();
        assert_eq!(run.errors().first().map(|error| error.message.as_str()), Some("sold 2 seats"), "{:?}", run.ending);
    }
}
