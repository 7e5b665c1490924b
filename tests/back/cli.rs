//! The command line from outside: help, exit statuses, what goes where.

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn conc(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_conc"))
        .args(args)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help() {
    for verb in ["", "run", "check", "test", "plan", "trace", "explain", "new", "completions"] {
        let args: Vec<&str> = [verb, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let output = conc(&args, "");
        assert_eq!(output.status.code(), Some(0));
        let text = out(&output);
        assert!(text.lines().count() <= 40, "the help of `{verb}` fits a screen");
        let name = if verb.is_empty() { "conc" } else { verb };
        insta::assert_snapshot!(format!("help.{name}"), text);
    }
}

#[test]
fn wrong_command_lines_and_files_end_with_2() {
    for args in [
        &["run"][..],
        &["frobnicate"],
        &["run", "no/such.conc"],
        &["run", "-", "--timeout", "soon"],
        &["run", "-", "--trace", "t.txt"],
        &["run", "-", "--set", "N"],
        &["explain", "E9999"],
        &["trace", "outline", "Cargo.toml"],
        &["trace", "lanes", "no/such.ron"],
        &["trace", "lanes", "Cargo.toml", "--width", "3"],
        &["trace", "stats", "Cargo.toml", "--format", "xml"],
        &["trace", "causes", "Cargo.toml"],
        &["trace", "causes", "Cargo.toml", "main:1", "--last"],
        &["trace", "diff", "Cargo.toml"],
        &["trace", "diff", "Cargo.toml", "Cargo.toml"],
        &["plan", "tests"],
    ] {
        let output = conc(args, "main { print 1 }");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
        assert_ne!(err(&output), "", "{args:?}");
        assert_eq!(out(&output), "", "{args:?}");
    }
    let output = conc(&["run", "-"], "main { print 1; nothing() }");
    assert_eq!((output.status.code(), out(&output)), (Some(2), String::new()));
}

/// A folder of its own that a test may fill.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("conc-test-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_trace_that_cannot_be_written_is_told_before_anything_starts() {
    let folder = folder("unwritable");
    std::fs::create_dir_all(folder.join("folder.ron")).unwrap();
    // Not even those may write it who may write all others.
    std::os::unix::fs::symlink("loop.ron", folder.join("loop.ron")).unwrap();
    std::os::unix::fs::symlink("no/such.ron", folder.join("nowhere.ron")).unwrap();
    for name in ["no/such.ron", "folder.ron", "loop.ron", "nowhere.ron"] {
        let file = folder.join(name).display().to_string();
        let output = conc(&["run", "-", "--trace", &file], "main { print 1 }");
        assert_eq!((output.status.code(), out(&output)), (Some(2), String::new()), "{name}: {}", err(&output));
        assert!(err(&output).contains(name), "{name}: {}", err(&output));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_run_that_does_not_begin_touches_no_trace() {
    let folder = folder("untouched");
    std::os::unix::fs::symlink("linked.ron", folder.join("link.ron")).unwrap();
    std::fs::write(folder.join("old.ron"), "old").unwrap();
    for name in ["new.ron", "link.ron", "old.ron"] {
        let file = folder.join(name).display().to_string();
        for (args, text) in [(&[][..], "main { nothing() }"), (&["--replay", "no/such.ron"], "main { print 1 }")] {
            let output = conc(&[&["run", "-", "--trace", &file], args].concat(), text);
            assert!(!output.status.success(), "{name}: {}", err(&output));
        }
    }
    assert_eq!(std::fs::read_to_string(folder.join("old.ron")).unwrap(), "old");
    assert!(!folder.join("new.ron").exists() && !folder.join("linked.ron").exists());
    let link = folder.join("link.ron").display().to_string();
    assert_eq!(conc(&["run", "-", "--trace", &link], "main { print 1 }").status.code(), Some(0));
    assert!(folder.join("linked.ron").exists());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn colours_are_for_terminals() {
    let wrong = "main { nothing() }";
    assert!(!err(&conc(&["run", "-"], wrong)).contains('\u{1b}'));
    assert!(err(&conc(&["run", "-", "--color", "always"], wrong)).contains('\u{1b}'));
}

#[test]
fn explain() {
    let output = conc(&["explain", "e0003"], "");
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(out(&output));
    assert!(out(&conc(&["explain"], "")).lines().count() > 50);
}

#[test]
fn for_packagers() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = conc(&["completions", shell], "");
        assert!(output.status.success() && out(&output).contains("conc"), "{shell}");
    }
    assert!(out(&conc(&["man"], "")).starts_with(".ie"));
}

#[test]
fn a_recorded_trace_has_the_outline_of_its_run() {
    let text = "queue q\nprocess p { q.put(pid() > 0) }\nmain { let h = start p; print q.get(); h.join() }";
    let outline = conc(&["run", "-", "--outline"], text);
    assert_eq!(outline.status.code(), Some(0), "{}", err(&outline));
    let folder = folder("outline");
    for name in ["t.ron", "t.json"] {
        let file = folder.join(name).display().to_string();
        let run = conc(&["run", "-", "--trace", &file], text);
        assert_eq!((run.status.code(), out(&run)), (Some(0), "true\n".into()), "{}", err(&run));
        assert_eq!(out(&conc(&["trace", "outline", &file], "")), out(&outline), "{name}");
        assert!(out(&conc(&["trace", "outline", "--by-actor", &file], "")).contains("\np\n"));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A file with a recorded trace, in a folder of its own.
fn recorded(name: &str, text: &str) -> (std::path::PathBuf, String) {
    let folder = folder(name);
    let file = folder.join("t.ron").display().to_string();
    let run = conc(&["run", "-", "--trace", &file], text);
    assert!(run.status.code() == Some(0), "{}", err(&run));
    (folder, file)
}

#[test]
fn events_of_a_recorded_trace_are_explained() {
    let text = "queue q\nprocess p { q.put(7) }\nmain {\n    start p\n    print q.get()\n}";
    let (folder, file) = recorded("causes", text);
    let by_name = conc(&["trace", "causes", &file, "main:2"], "");
    insta::assert_snapshot!(out(&by_name));
    assert!(out(&conc(&["trace", "causes", &file, "--line", "5"], "")).starts_with(&out(&by_name)));
    assert!(out(&conc(&["trace", "causes", &file, "--last"], "")).starts_with("main:4"));
    assert!(out(&conc(&["trace", "causes", &file, "main:2", "--all"], "")).lines().count() > 10);
    for wrong in [&["main:9"][..], &["mani:1"], &["main"], &["--line", "77"]] {
        let output = conc(&[&["trace", "causes", &file], wrong].concat(), "");
        assert_eq!((output.status.code(), out(&output)), (Some(2), String::new()), "{wrong:?}");
        assert!(err(&output).contains("no "), "{}", err(&output));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn runs_are_compared() {
    let text = "const N = 1\nqueue q\nprocess p { q.put(N) }\nmain { start p; print q.get() }";
    let (folder, one) = recorded("diff", text);
    let two = folder.join("two.json").display().to_string();
    assert!(conc(&["run", "-", "--set", "N=2", "--trace", &two], text).status.success());
    let same = conc(&["trace", "diff", &one, &one], "");
    assert_eq!((same.status.code(), out(&same)), (Some(0), "the same choices\n".into()));
    let other = conc(&["trace", "diff", &one, &two], "");
    assert_eq!(other.status.code(), Some(1));
    insta::assert_snapshot!(out(&other));
    // A file that was cut off in the middle of a line is read up to there.
    let whole = std::fs::read_to_string(&one).unwrap();
    let cut = folder.join("cut.ron").display().to_string();
    std::fs::write(&cut, &whole[..whole.len() - 30]).unwrap();
    let shorter = conc(&["trace", "diff", &one, &cut], "");
    assert_eq!(shorter.status.code(), Some(1), "{}", err(&shorter));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn lanes_and_figures_of_a_recorded_trace() {
    let (folder, file) = recorded("lanes", "lock m\nmain { with m { print 1 } }");
    let lanes = conc(&["trace", "lanes", &file, "--width", "40"], "");
    assert!(out(&lanes).starts_with("   main\n0  begin\n1  m.acquire() -> true\n"), "{}", out(&lanes));
    assert!(out(&conc(&["trace", "stats", &file], "")).contains("main held it"));
    let json = out(&conc(&["trace", "stats", &file, "--format", "json"], ""));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["objects"][0]["operations"]["LockAcquire"], 1);
    std::fs::remove_dir_all(&folder).unwrap();
}
