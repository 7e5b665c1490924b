//! A counterexample as a Mermaid sequence diagram.

use super::words::{failure, step};
use crate::check::Counterexample;
use crate::source::Source;

/// The diagram: actors and objects as participants, each step an arrow from the actor to what it is on.
pub fn mermaid(source: &Source, counterexample: &Counterexample) -> String {
    let mut out = String::from("sequenceDiagram\n");
    let mut names: Vec<String> = Vec::new();
    let mut participant = |out: &mut String, name: &str, kind: &str| -> String {
        let at = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            out.push_str(&format!("    {kind} p{} as {}\n", names.len() - 1, safe(name)));
            names.len() - 1
        });
        format!("p{at}")
    };
    let mut body = String::new();
    for line in &counterexample.lines {
        participant(&mut out, &line.actor, "actor");
    }
    let whole = counterexample.lines.len();
    for (at, line) in counterexample.lines.iter().chain(&counterexample.round).enumerate() {
        if at == whole {
            body.push_str("    loop for ever\n");
        }
        let from = participant(&mut out, &line.actor, "actor");
        let to = match &line.target {
            Some(target) => participant(&mut out, target, "participant"),
            None => from.clone(),
        };
        let place = line.span.map_or_else(String::new, |span| format!("line {}: ", source.place(span.start).line));
        body.push_str(&format!("    {from}->>{to}: {place}{}\n", safe(&step(line))));
    }
    if !counterexample.round.is_empty() {
        body.push_str("    end\n");
    }
    for one in &counterexample.blocked {
        let who = participant(&mut out, &one.actor, "actor");
        let target = one.target.as_deref().unwrap_or("what never comes");
        body.push_str(&format!("    Note over {who}: waits for {}\n", safe(target)));
    }
    let said = failure(source, &counterexample.failure, counterexample.cause.as_ref());
    body.push_str(&format!("    Note over p0: {}\n", safe(&said)));
    out + &body
}

/// Without what would end a text in Mermaid.
fn safe(text: &str) -> String {
    text.replace(';', ",").replace('#', "＃").replace('\n', " ")
}
