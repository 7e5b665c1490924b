//! Constants with other values: `--set NAME=VALUE`.
//!
//! Answers for: reading a value as a literal of the language. Never evaluates an expression.

use super::Value;
use crate::analysis::Checked;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::{Source, Span};
use crate::syntax::ast::{Expr, ExprKind, ItemKind, StrPart};
use crate::syntax::parse;
use crate::value::{Range, Shared, Text};

/// By constant: the value it was given, if it was.
pub(super) fn settings(checked: &Checked, sets: &[(String, String)]) -> Result<Vec<Option<Value>>, Vec<Diagnostic>> {
    let names = || checked.consts.iter().map(|decl| &*decl.name.text);
    let mut values = vec![None; checked.consts.len()];
    let mut wrong = Vec::new();
    for (name, text) in sets {
        match names().position(|known| known == name) {
            Some(at) => match parsed(text) {
                Some(value) => values.get_mut(at).into_iter().for_each(|slot| *slot = Some(value.clone())),
                None => {
                    let code = Code::BadSetting { name: name.as_str().into(), text: text.as_str().into() };
                    wrong.push(Diagnostic::new(code, span_of(checked, Some(at))));
                }
            },
            None => {
                let near = nearest(name, names());
                let meant = near.as_ref().and_then(|near| names().position(|known| *known == **near));
                let code = Code::UnknownSetting { name: name.as_str().into(), near };
                wrong.push(Diagnostic::new(code, span_of(checked, meant)));
            }
        }
    }
    if wrong.is_empty() { Ok(values) } else { Err(wrong) }
}

/// The declaration that a setting is about; where there is none, the start of the file.
fn span_of(checked: &Checked, at: Option<usize>) -> Span {
    at.and_then(|at| checked.consts.get(at)).map_or_else(Span::default, |decl| decl.name.span)
}

/// The value of a text that is a literal.
fn parsed(text: &str) -> Option<Value> {
    if text.trim().is_empty() {
        return None;
    }
    let source = Source::new("--set", format!("const VALUE = ({text})\n"));
    let (file, diagnostics) = parse(&source);
    match file.items.as_slice() {
        [item] if diagnostics.is_empty() => match &item.kind {
            ItemKind::Const(decl) => literal(&decl.value),
            _ => None,
        },
        _ => None,
    }
}

/// The value of an expression that is a literal.
pub fn literal(expr: &Expr) -> Option<Value> {
    let all = |items: &[Expr]| items.iter().map(literal).collect::<Option<Vec<Value>>>();
    Some(match &expr.kind {
        ExprKind::None => Value::None,
        ExprKind::Bool(value) => Value::Bool(*value),
        ExprKind::Int(value) => Value::Int(*value),
        ExprKind::Float(value) => Value::Float(*value),
        ExprKind::Duration(nanos) => Value::Duration(*nanos),
        ExprKind::Negate(inner) => match literal(inner)? {
            Value::Int(value) => Value::Int(value.checked_neg()?),
            Value::Float(value) => Value::Float(-value),
            Value::Duration(nanos) => Value::Duration(nanos.checked_neg()?),
            _ => return None,
        },
        ExprKind::Str(parts) => {
            let mut text = Text::default();
            for part in parts {
                let StrPart::Text(part) = part else { return None };
                text.text.push_str(part);
            }
            Value::Str(Shared::new(text))
        }
        ExprKind::List(items) => Value::List(Shared::new(all(items)?)),
        ExprKind::Set(items) => Value::Set(Shared::new(all(items)?.into_iter().collect())),
        ExprKind::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| Some((literal(key)?, literal(value)?)));
            Value::Map(Shared::new(entries.collect::<Option<_>>()?))
        }
        ExprKind::Range { low, high, inclusive } => {
            Value::Range(Shared::new(Range { low: literal(low)?, high: literal(high)?, inclusive: *inclusive }))
        }
        _ => return None,
    })
}
