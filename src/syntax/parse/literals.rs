//! Numbers and texts.
//!
//! Answers for: what a literal is worth. Never evaluates what stands in the holes of a text.

use std::sync::Arc;

use pest::iterators::Pair;

use super::build::{Builder, Parts, span};
use super::{Rule, ast};
use crate::diagnostic::Code;
use crate::source::Span;

use ast::{ExprKind, StrPart};

const UNITS: [(&str, i64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
const SIZES: [(&str, i64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Why a number is none.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    /// It is not written as one.
    Form,
    /// It does not fit.
    Size,
}

impl<'s> Builder<'s> {
    /// A number; one that is none is reported and taken for 0.
    pub(super) fn number(&mut self, pair: &Pair<'s, Rule>) -> ExprKind {
        match number(pair.as_str()) {
            Ok(kind) => kind,
            Err(fault) => {
                let text: Arc<str> = pair.as_str().into();
                let code = match fault {
                    Fault::Form => Code::BadNumber { text },
                    Fault::Size => Code::NumberTooLarge { text },
                };
                self.report(code, span(pair));
                ExprKind::Int(0)
            }
        }
    }

    /// A text with its holes, and how deep they are.
    pub(super) fn string(&mut self, pair: Pair<'s, Rule>) -> (ExprKind, usize) {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut deepest = 0;
        for part in Parts::of(pair) {
            match part.as_rule() {
                Rule::text => text.push_str(part.as_str()),
                Rule::escape => text.extend(self.escape(part.as_str(), span(&part))),
                Rule::stray_brace => self.report(Code::StrayBraceInText, span(&part)),
                Rule::interpolation => {
                    let Some(hole) = Parts::of(part).seek(Rule::expr) else { continue };
                    if !text.is_empty() {
                        parts.push(StrPart::Text(std::mem::take(&mut text).into()));
                    }
                    let hole = self.expr_node(hole);
                    deepest = deepest.max(hole.depth);
                    parts.push(StrPart::Expr(hole.expr));
                }
                _ => {}
            }
        }
        if !text.is_empty() {
            parts.push(StrPart::Text(text.into()));
        }
        (ExprKind::Str(parts), deepest)
    }

    /// A text that may have no holes.
    pub(super) fn plain_text(&mut self, pair: Pair<'s, Rule>) -> Arc<str> {
        let place = span(&pair);
        let (ExprKind::Str(parts), _) = self.string(pair) else { return "".into() };
        if parts.iter().any(|part| matches!(part, StrPart::Expr(_))) {
            self.report(Code::PlainTextOnly, place);
        }
        match parts.into_iter().next() {
            Some(StrPart::Text(text)) => text,
            _ => "".into(),
        }
    }

    fn escape(&mut self, text: &str, place: Span) -> Option<char> {
        let found = escape(text);
        if found.is_none() {
            self.report(Code::BadEscape { text: text.into() }, place);
        }
        found
    }
}

fn escape(text: &str) -> Option<char> {
    let mut chars = text.chars().skip(1);
    match chars.next()? {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        c @ ('"' | '\\' | '{' | '}') => Some(c),
        'u' => {
            let digits = text.strip_prefix("\\u{")?.strip_suffix('}')?;
            let is_hex = (1..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            char::from_u32(u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?)
        }
        _ => None,
    }
}

/// What a number is worth.
fn number(text: &str) -> Result<ExprKind, Fault> {
    let prefixes = [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8)];
    for (prefix, radix) in prefixes {
        if let Some(digits) = text.strip_prefix(prefix) {
            return integer(digits, radix).map(ExprKind::Int);
        }
    }
    let suffix = text.find(|c: char| c.is_alphabetic() && !is_exponent(text, c)).unwrap_or(text.len());
    let (digits, unit) = text.split_at(suffix);
    if unit.is_empty() {
        return if digits.contains(['.', 'e', 'E']) { float(digits) } else { integer(digits, 10).map(ExprKind::Int) };
    }
    if let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) {
        return scaled(digits, *scale).map(ExprKind::Duration);
    }
    match SIZES.iter().find(|(name, _)| *name == unit) {
        Some((_, scale)) => scaled(digits, *scale).map(ExprKind::Int),
        None => Err(Fault::Form),
    }
}

/// Whether the first `e` of a number begins an exponent.
fn is_exponent(text: &str, letter: char) -> bool {
    let Some(at) = text.find(['e', 'E']).filter(|_| matches!(letter, 'e' | 'E')) else { return false };
    let rest = text.get(at + 1..).unwrap_or("");
    rest.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit())
}

fn integer(digits: &str, radix: u32) -> Result<i64, Fault> {
    let plain = plain_digits(digits).ok_or(Fault::Form)?;
    if !plain.chars().all(|digit| digit.is_digit(radix)) {
        return Err(Fault::Form);
    }
    i64::from_str_radix(&plain, radix).map_err(|_| Fault::Size)
}

/// The digits without their underscores, which stand between digits only.
fn plain_digits(digits: &str) -> Option<String> {
    let is_sound = !digits.is_empty() && !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    is_sound.then(|| digits.replace('_', ""))
}

fn float(digits: &str) -> Result<ExprKind, Fault> {
    let plain = plain_digits(digits).ok_or(Fault::Form)?;
    let value: f64 = plain.parse().map_err(|_| Fault::Form)?;
    if value.is_finite() { Ok(ExprKind::Float(value)) } else { Err(Fault::Size) }
}

/// Digits, with or without a fraction, times a whole number; what is below one is cut off.
fn scaled(digits: &str, scale: i64) -> Result<i64, Fault> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = integer(whole, 10)?.checked_mul(scale).ok_or(Fault::Size)?;
    if fraction.is_empty() {
        return Ok(whole);
    }
    let plain = plain_digits(fraction).ok_or(Fault::Form)?;
    if !plain.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Fault::Form);
    }
    let mut part = 0_i128;
    let mut unit = i128::from(scale) * 1_000_000_000_000_000_000;
    for digit in plain.bytes().take(18) {
        unit /= 10;
        part += i128::from(digit - b'0') * unit;
    }
    let part = i64::try_from(part / 1_000_000_000_000_000_000).map_err(|_| Fault::Size)?;
    whole.checked_add(part).ok_or(Fault::Size)
}
