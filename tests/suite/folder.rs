//! A folder of scenarios that is gone after the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A scenario with one outline.
pub(super) const HELLO: &str = "# Says hello.\nmain { print \"hello\" }\n";
/// Its snapshot.
pub(super) const HELLO_OUTLINE: &str =
    "# conc outline 1\n# schedule: fifo\n# seed: 0\n\nmain  begin\nmain  print \"hello\"\nmain  end 0\n";

static FOLDERS: AtomicU32 = AtomicU32::new(0);

pub(super) struct Folder(PathBuf);

/// What the command said, and how it ended.
pub(super) struct Said {
    pub(super) out: String,
    pub(super) err: String,
    pub(super) code: Option<i32>,
}

impl Folder {
    /// A folder with these files.
    pub(super) fn with(files: &[(&str, &str)]) -> Folder {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = Folder(std::env::temp_dir().join(format!("conc-suite-{}-{number}", std::process::id())));
        fs::create_dir_all(&folder.0).unwrap();
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}; {:?}", self.names()))
    }

    /// The names of the files right in it.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries.map(|one| one.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Runs `conc test` with these arguments, here.
    pub(super) fn test(&self, args: &[&str]) -> Said {
        self.conc("test", args)
    }

    /// Runs `conc` with these arguments, here.
    pub(super) fn conc(&self, verb: &str, args: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conc"));
        command.arg(verb).args(args).current_dir(&self.0).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { out: text(&output.stdout), err: text(&output.stderr), code: output.status.code() }
    }

    /// The same: it ends like this, and says nothing on standard error.
    #[track_caller]
    pub(super) fn ends_with(&self, code: i32, args: &[&str]) -> String {
        let said = self.test(args);
        assert_eq!(said.code, Some(code), "{}{}", said.out, said.err);
        assert_eq!(said.err, "", "results go to standard output, and a progress bar is for terminals");
        said.out
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Compares what was said with its snapshot, but for times.
#[macro_export]
macro_rules! assert_said {
    ($said:expr) => {
        insta::with_settings!({filters => vec![
            (r" +\d+\.\d\d s", " <time> s"),
            (r"\d+\.\d\d\d", "<time>"),
        ]}, { insta::assert_snapshot!($said) })
    };
}
