//! Makes inputs out of others: bytes flipped, parts cut, doubled and spliced, words swapped.
//!
//! Answers for: the same inputs for the same seed. Never runs one.

/// A stream of numbers (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below another; 0 below 0.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.number() % n as u64) as usize }
    }

    /// One of some; none of none.
    pub fn one_of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        all.get(self.below(all.len()))
    }
}

/// Longer inputs are cut: what they show, shorter ones show.
const LENGTH_MAX: usize = 16 * 1024;

/// Words that mean something in one of the formats.
const WORDS: &[&str] = &[
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "0.0",
    "1ns",
    "292y",
    "64KiB",
    "none",
    "true",
    "[]",
    "{}",
    "()",
    "\"\"",
    "\"{x}\"",
    "x",
    "i",
    "q",
    "main { }",
    "process p { }",
    "thread t { }",
    "timer t(1s) { }",
    "task f(a, b: 1) { return a }",
    "queue q",
    "queue q(0)",
    "queue q(order: priority)",
    "pipe a <-> b",
    "pipe r <- w",
    "lock m",
    "rlock r",
    "condition c(m)",
    "semaphore s(1)",
    "event e",
    "barrier g(2)",
    "latch l(1)",
    "once o { }",
    "shared v = 0",
    "shared v = []",
    "atomic n = 0",
    "pool w(2)",
    "const N = 3",
    "let x = ",
    "print ",
    "loop { }",
    "while true { ",
    "for x in ",
    "with m { ",
    "try { ",
    "} catch e { ",
    "} finally { ",
    "raise X",
    "return ",
    "break",
    "continue",
    "exit(1)",
    "start p",
    "start p[0]",
    "join ",
    "select { ",
    "case x = q.get() { ",
    "after 1s { ",
    "await n == 1",
    "assert ",
    "mark \"m\"",
    ".put(1)",
    ".get()",
    ".acquire()",
    ".release()",
    ".wait()",
    ".notify()",
    ".set()",
    ".recv()",
    ".send(1)",
    ".close()",
    ".map(f, [1, 2])",
    ".apply_async(f, 1)",
    ".push(1)",
    ".pop()",
    ".kill()",
    "timeout: 0s",
    "block: false",
    "..",
    "..=",
    "**",
    "//",
    "%",
    "<-",
    "<->",
    " and ",
    " or ",
    "not ",
    "invariant i: ",
    "eventually e: ",
    "expect deadlock",
    "finally { outcome 1 }",
    "Some(",
    "None",
    "Nothing",
    "Int(0)",
    "List([",
    "(actor:0,seq:0)",
    "actor:4294967295",
    "ticket:18446744073709551615",
    "# seed: 1",
    "# schedule: pct 3",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "名",
    "\u{301}",
    "\r\n",
    "\t",
];

/// An input made of one or two of the corpus.
pub fn mutated(chance: &mut Chance, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = chance.one_of(corpus).cloned().unwrap_or_default();
    bytes.truncate(LENGTH_MAX);
    for _ in 0..=chance.below(6) {
        change(chance, &mut bytes, corpus);
        bytes.truncate(LENGTH_MAX);
    }
    bytes
}

fn change(chance: &mut Chance, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    let at = chance.below(bytes.len() + 1);
    let longest = if chance.below(4) == 0 { 200 } else { 12 };
    let length = 1 + chance.below(longest);
    let end = (at + length).min(bytes.len());
    match chance.below(10) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
        1 => {
            bytes.drain(at..end);
        }
        2 => {
            let again = bytes.get(at..end).unwrap_or_default().repeat(1 + chance.below(4));
            bytes.splice(at..at, again);
        }
        3 => {
            let other = chance.one_of(corpus).map_or(&[][..], Vec::as_slice);
            let from = chance.below(other.len() + 1);
            let part = other.get(from..(from + length * 4).min(other.len())).unwrap_or_default().to_vec();
            bytes.splice(at..end, part);
        }
        4 | 5 => {
            let word = chance.one_of(WORDS).copied().unwrap_or_default();
            bytes.splice(at..if chance.below(2) == 0 { at } else { end }, word.bytes());
        }
        6..=8 => swap(chance, bytes),
        _ => {
            let byte = chance.number() as u8;
            bytes.insert(at, byte);
        }
    }
}

/// Puts one word of the input in the place of another one.
fn swap(chance: &mut Chance, bytes: &mut Vec<u8>) {
    let words = words(bytes);
    let (Some(from), Some(to)) = (chance.one_of(&words).cloned(), chance.one_of(&words).cloned()) else { return };
    let word = bytes.get(from).unwrap_or_default().to_vec();
    bytes.splice(to, word);
}

/// Runs of letters and digits, and single signs.
fn words(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let length = bytes.get(at..).unwrap_or_default().iter().take_while(|byte| is_letter(byte)).count().max(1);
        if !byte.is_ascii_whitespace() {
            words.push(at..at + length);
        }
        at += length;
    }
    words
}
