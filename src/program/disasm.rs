//! A program as text, for people and snapshots.
//!
//! Answers for: a text that is the same for the same program. Never read back.

use std::fmt::Write;

use super::{Code, Instr, Piece, Program};
use crate::value::{Names, Numbers, display};

/// Every code of the program.
pub fn disassemble(program: &Program) -> String {
    let mut out = String::new();
    for code in &program.codes {
        // Writing to a string cannot fail.
        let _ = write_code(&mut out, program, code);
    }
    out
}

fn write_code(out: &mut String, program: &Program, code: &Code) -> std::fmt::Result {
    if !out.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{}: {} parameters, {} registers", code.name, code.params, code.registers)?;
    let mut last = 0;
    for (at, (instr, span)) in code.instrs.iter().zip(&code.spans).enumerate() {
        let line = program.source.place(span.start).line;
        if line == last {
            write!(out, "      ")?;
        } else {
            write!(out, "{line:>5} ")?;
        }
        last = line;
        writeln!(out, "{at:>4}  {}{}", operands(instr), note(code, instr))?;
    }
    for handler in &code.handlers {
        writeln!(
            out,
            "      errors in {}..{} go to {} with r{}",
            handler.start, handler.end, handler.target, handler.error
        )?;
    }
    Ok(())
}

/// The instruction as `debug` has it, without the braces.
fn operands(instr: &Instr) -> String {
    format!("{instr:?}").replace(" { ", " ").replace(" }", "")
}

fn note(code: &Code, instr: &Instr) -> String {
    let literal = |index: u16| {
        let value = code.literals.get(index as usize).cloned().unwrap_or_default();
        let list = crate::value::Value::list(vec![value]);
        let text = display(&list, &Numbers as &dyn Names).map(|text| text.text).unwrap_or_default();
        format!("  # {}", text.trim_start_matches('[').trim_end_matches(']'))
    };
    match *instr {
        Instr::Literal { index, .. } => literal(index),
        Instr::Private { name, .. } | Instr::Field { name, .. } => literal(name),
        Instr::Raise { kind, .. } | Instr::JumpNotKind { kind, .. } => literal(kind),
        Instr::Builtin { call, .. }
        | Instr::CallValue { call, .. }
        | Instr::Method { call, .. }
        | Instr::MethodOn { call, .. }
        | Instr::CellMethod { call, .. }
        | Instr::SelectCase { call, .. } => match code.calls.get(call as usize) {
            Some(spec) => {
                let names: String = spec.names.iter().map(|name| format!(" {name}:")).collect();
                format!("  # {}/{}{names} root r{} path {}", spec.name, spec.count, spec.root, spec.path)
            }
            None => String::new(),
        },
        Instr::Text { spec, .. } | Instr::AppendText { spec, .. } => {
            let pieces = code.texts.get(spec as usize).into_iter().flatten();
            let piece = |piece: &Piece| match *piece {
                Piece::Literal(index) => literal(index).replace("  # ", " "),
                Piece::Value => " _".to_owned(),
            };
            format!("  #{}", pieces.map(piece).collect::<String>())
        }
        _ => String::new(),
    }
}
