//! The forms of a scenario: as it is written, and with its actors as threads or as processes.
//!
//! Answers for: what `# also: threads` and `# also: processes` in a scenario's header mean. Never runs one.

use conc::Scenario;
use conc::analysis::Owner;
use conc::value::ObjectKind;

/// How the actors of a scenario are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the file says.
    Written,
    /// Its processes are threads of main's, the workers of its pools as well.
    Threads,
    /// Its threads and the workers of its pools are processes. Where nobody is but main, its objects are such as other
    /// processes use.
    Processes,
}

impl Form {
    /// The forms that a scenario's header asks for.
    pub(crate) fn of(text: &str) -> Result<Vec<Form>, String> {
        let mut forms = vec![Form::Written];
        for line in text.lines().filter_map(|line| line.strip_prefix("# also: ")) {
            forms.push(match line {
                "threads" => Form::Threads,
                "processes" => Form::Processes,
                other => return Err(format!("`# also:` says threads or processes, not {other:?}")),
            });
        }
        Ok(forms)
    }

    /// The scenario in this form.
    pub(crate) fn apply(self, text: &str) -> Result<String, String> {
        let (from, to) = match self {
            Form::Written => return Ok(text.to_owned()),
            Form::Threads => ("process ", "thread "),
            Form::Processes => ("thread ", "process "),
        };
        let mut actors = 0;
        let lines = text.lines().map(|line| {
            if let Some(pool) = self.pool(line) {
                actors += 1;
                return pool;
            }
            let (daemon, rest) = line.strip_prefix("daemon ").map_or(("", line), |rest| ("daemon ", rest));
            rest.strip_prefix(from).map_or(line.to_owned(), |rest| {
                actors += 1;
                format!("{daemon}{to}{rest}")
            })
        });
        let mut made = lines.collect::<Vec<_>>().join("\n") + "\n";
        match (self, actors) {
            (Form::Processes, 0) => made += &elsewhere(text)?,
            (_, 0) => return Err("there is nobody to make a thread of".into()),
            _ => {}
        }
        Ok(made)
    }

    /// A line that declares a pool of the file, with its workers made so.
    fn pool(self, line: &str) -> Option<String> {
        let (name, workers) = line.strip_prefix("pool ")?.split_once('(')?;
        match (self, workers.strip_prefix("threads: ")) {
            (Form::Threads, None) => Some(format!("pool {name}(threads: {workers}")),
            (Form::Processes, Some(workers)) => Some(format!("pool {name}({workers}")),
            _ => None,
        }
    }
}

/// A process that uses every object of a scenario. It is never started; its being there makes them objects that
/// several processes share.
fn elsewhere(text: &str) -> Result<String, String> {
    let scenario = Scenario::from_str(text);
    let own = scenario.checked().objects.iter().filter(|object| object.owner == Owner::File);
    let kept = own.filter(|object| object.kind != ObjectKind::Pool);
    let names: Vec<&str> = kept.map(|object| &*object.name.text).collect();
    if names.is_empty() {
        return Err("there is nothing that other processes could use".into());
    }
    Ok(format!("process elsewhere {{ print [{}] }}\n", names.join(", ")))
}
