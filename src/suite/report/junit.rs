//! For build servers: JUnit's XML.
//!
//! Answers for: one `testcase` a scenario; a `failure` is a run that was not as expected, an `error` a scenario that
//! could not be run. The format has five elements, so they are written here.

use std::time::Duration;

use super::words::{detail, headlines, kind, printable};
use crate::suite::outcome::{Outcome, Problem};

/// The whole document.
pub fn junit(outcomes: &[Outcome], took: Duration) -> String {
    let cases: String = outcomes.iter().map(case).collect();
    let count = |wanted: &str| outcomes.iter().filter(|outcome| element(outcome) == Some(wanted)).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3}\"",
        outcomes.len(),
        count("failure"),
        count("error"),
        took.as_secs_f64()
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"conc test\" \
         {counts}>\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

fn case(outcome: &Outcome) -> String {
    let folder = outcome.path.parent().map(|folder| folder.display().to_string()).filter(|folder| !folder.is_empty());
    let name = outcome.path.file_name().unwrap_or(outcome.path.as_os_str()).to_string_lossy();
    let opening = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        escaped(folder.as_deref().unwrap_or(".")),
        escaped(&name),
        outcome.took.as_secs_f64()
    );
    let Some(element) = element(outcome) else { return format!("{opening}/>\n") };
    let lines = headlines(outcome);
    let kinds: Vec<&str> = outcome.problems().map(|(_, problem)| kind(problem)).collect();
    let mut body = String::new();
    for (line, (_, problem)) in lines.iter().zip(outcome.problems()) {
        body.push_str(&format!("{line}\n{}", detail(problem, outcome.source.as_ref(), false).unwrap_or_default()));
    }
    format!(
        "{opening}>\n      <{element} type=\"{}\" message=\"{}\">{}</{element}>\n    </testcase>\n",
        escaped(&kinds.join(" ")),
        escaped(&lines.join("; ")),
        escaped(&body)
    )
}

/// What a scenario has below it: nothing if all was as expected.
fn element(outcome: &Outcome) -> Option<&'static str> {
    let (_, first) = outcome.problems().next()?;
    let ran = !matches!(
        first,
        Problem::Unreadable(_) | Problem::Wrong(_) | Problem::Header { .. } | Problem::File { .. } | Problem::NotRun(_)
    );
    Some(if ran { "failure" } else { "error" })
}

fn escaped(text: &str) -> String {
    let text = printable(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_xml_reads_otherwise_is_escaped() {
        assert_eq!(escaped("a<b> & \"c\"]]>"), "a&lt;b&gt; &amp; &quot;c&quot;]]&gt;");
        assert_eq!(escaped("\u{1b}[31mred\u{0}\u{ffff}\n\ttab"), "\u{fffd}[31mred\u{fffd}\u{fffd}\n\ttab");
    }
}
