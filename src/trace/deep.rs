//! RON and JSON of what holds values, which nest deeper than what the two formats' crates take unasked.
//!
//! Answers for: writing and reading values of every depth that a scenario can make, and refusing text that nests deeper
//! before the stack runs out. Never knows what it reads.

use ron::ser::PrettyConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::Error as _;

use crate::value::DEPTH_MAX;

/// How deep text nests: a level of a value is up to six of RON's (of a map: the value, its variant, the list, its item,
/// the pair, its part), and around it stands what holds values.
const NESTED_MAX: usize = 6 * DEPTH_MAX + 64;

/// How deep JSON nests that its crate takes unasked.
const JSON_MAX: usize = 128;

/// Room for what reads and writes so deep: unoptimised, some six kilobytes a level.
const STACK_BYTES: usize = 32 << 20;

/// Does it where the stack has room for it.
fn with_room<T>(act: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK_BYTES, STACK_BYTES, act)
}

fn options() -> ron::Options {
    ron::Options::default().with_recursion_limit(NESTED_MAX)
}

/// As RON, on one line.
pub(crate) fn to_ron(what: &impl Serialize) -> Result<String, ron::Error> {
    match ron::to_string(what) {
        Err(ron::Error::ExceededRecursionLimit) => with_room(|| options().to_string(what)),
        written => written,
    }
}

/// As RON, laid out.
pub(crate) fn to_ron_pretty(what: &impl Serialize, pretty: PrettyConfig) -> Result<String, ron::Error> {
    match ron::ser::to_string_pretty(what, pretty.clone()) {
        Err(ron::Error::ExceededRecursionLimit) => with_room(|| options().to_string_pretty(what, pretty)),
        written => written,
    }
}

/// Reads RON.
pub(crate) fn from_ron<T: DeserializeOwned>(text: &str) -> Result<T, ron::error::SpannedError> {
    match ron::from_str(text) {
        Err(error) if error.code == ron::Error::ExceededRecursionLimit => with_room(|| options().from_str(text)),
        read => read,
    }
}

/// As JSON.
pub(crate) fn to_json(what: &impl Serialize) -> Result<String, serde_json::Error> {
    // Its crate does not count levels here.
    with_room(|| serde_json::to_string(what))
}

/// Reads JSON.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    match nested(text) {
        0..JSON_MAX => serde_json::from_str(text),
        JSON_MAX..=NESTED_MAX => with_room(|| {
            let mut from = serde_json::Deserializer::from_str(text);
            from.disable_recursion_limit();
            let read = T::deserialize(&mut from)?;
            from.end()?;
            Ok(read)
        }),
        _ => Err(serde_json::Error::custom(format!("the text nests more than {NESTED_MAX} deep"))),
    }
}

/// How deep a JSON text nests: the most brackets that are open at once, those in texts aside.
fn nested(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    let mut bytes = text.bytes();
    let mut within = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => within = !within,
            b'\\' if within => drop(bytes.next()),
            b'[' | b'{' if !within => {
                open += 1;
                most = most.max(open);
            }
            b']' | b'}' if !within => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}
