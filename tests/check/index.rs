//! `scenarios/README.md`: the library's index, made from the scenarios. `CONC_UPDATE_DOCS=1` writes it.

use std::fmt::Write as _;
use std::path::Path;

const INTRODUCTIONS: &[(&str, &str, &str)] = &[
    ("tutorial", "Tutorial", "Processes, threads, queues, pipes, pools and locks, one thing at a time."),
    ("classics", "Classics", "The problems that every course has, right and wrong."),
    ("bugs", "Bugs", "Kernels of real bugs in Go programs, as GoBench reduced them."),
    ("empire", "The Deadlock Empire", "Small programs to break by choosing the schedule."),
    ("mutex", "Mutual exclusion", "Algorithms for two or more that share nothing but variables."),
    ("puzzles", "Puzzles", "From the Little Book of Semaphores, wrong solutions included."),
    ("benchmarks", "Benchmarks", "What checkers are measured by: SCTBench and SV-COMP."),
    ("litmus", "Litmus tests", "What two or three threads may see of each other's writes."),
    ("models", "Models", "What shuttle, Spin and jcstress test themselves with."),
    ("textbook", "From textbooks and manuals", "Idioms and mistakes that are shown again and again."),
];

#[test]
fn the_index_is_as_the_scenarios_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let file = root.join("README.md");
    let index = index(&root);
    if std::env::var_os("CONC_UPDATE_DOCS").is_some() {
        std::fs::write(&file, &index).expect("the index");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(there == index, "scenarios/README.md is out of date: run this test with CONC_UPDATE_DOCS=1");
}

fn index(root: &Path) -> String {
    let mut out = String::from(
        "# Scenarios\n\nEach runs on real processes and threads (`conc run FILE`) and is checked under every schedule \
         (`conc check FILE`). Made from the files; do not edit.\n",
    );
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(root).expect("the scenarios").flatten().filter(|entry| entry.path().is_dir()) {
        folders.push(entry.file_name().to_string_lossy().into_owned());
    }
    let known: Vec<&str> = INTRODUCTIONS.iter().map(|(folder, ..)| *folder).collect();
    let strange: Vec<&String> = folders.iter().filter(|folder| !known.contains(&folder.as_str())).collect();
    assert!(strange.is_empty(), "folders without a word in the index: {strange:?}");
    for (folder, title, about) in INTRODUCTIONS {
        let files = conc::suite::discover(&[root.join(folder)], None).expect("scenarios");
        let _ = write!(out, "\n## {title}\n\n{about}\n\n| scenario | what it is | ends with |\n|---|---|---|\n");
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a scenario");
            let name = file.file_stem().expect("a name").to_string_lossy();
            let _ = writeln!(
                out,
                "| [{name}]({folder}/{name}.conc) | **{}**: {} | {} |",
                title_of(&text),
                first_sentence(&text),
                expected(&text)
            );
        }
    }
    out
}

fn title_of(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("scenario "));
    line.unwrap_or_default().trim().trim_matches('"').to_owned()
}

fn first_sentence(text: &str) -> String {
    let comment = text.lines().take_while(|line| line.starts_with('#')).filter(|line| !line.starts_with("# conc:"));
    let lines: Vec<&str> = comment.map(|line| line.trim_start_matches('#').trim()).collect();
    let story = lines.join(" ");
    let end = story.find(". ").map_or(story.len(), |at| at + 1);
    story[..end].trim().replace('|', "\\|")
}

fn expected(text: &str) -> String {
    let expects: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("expect ")).map(str::trim).collect();
    let failures: Vec<&str> = expects.into_iter().filter(|expect| !expect.starts_with("outcomes")).collect();
    if failures.is_empty() { "pass".into() } else { failures.join(", ") }
}
