//! Chance: each actor draws from a stream of its own, given by the run's seed and its name.
//!
//! The words are ChaCha8's, a stable stream; ranges and shuffles over them are conc's own, so that a seed means the
//! same for years, in real and in deterministic runs. Answers for: drawing. Never seeds from the clock.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::program::fault;
use crate::value::{self, Error, ErrorKind, Result, Shared, Value};

/// A stream of random choices.
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of an actor.
    pub fn new(seed: u64, name: &str) -> Random {
        // FNV-1a, 64 bits: a fixed function of the name, whatever Rust's hashers become.
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&hash.to_le_bytes());
        Random(ChaCha8Rng::from_seed(key))
    }

    /// A number below `n`, which is not zero; every one as likely (Lemire, "Fast Random Integer Generation in an
    /// Interval", 2019, algorithm 5).
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        let mut product = u128::from(self.0.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let least = n.wrapping_neg() % n;
            while (product as u64) < least {
                product = u128::from(self.0.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    fn between(&mut self, low: i64, high: i64, inclusive: bool) -> Result<i64> {
        let span = i128::from(high) - i128::from(low) + i128::from(inclusive);
        if span <= 0 {
            return Err(fault::empty_range());
        }
        let drawn = match u64::try_from(span) {
            Ok(span) => self.below(span),
            Err(_) => self.0.next_u64(),
        };
        Ok(low.wrapping_add(drawn as i64))
    }

    /// An element of a range of ints, durations or floats.
    pub fn in_range(&mut self, range: &Value) -> Result<Value> {
        let Value::Range(range) = range else {
            return Err(Error::new(
                ErrorKind::TypeError,
                "a random number is drawn from a range, such as `random(0..6)`",
            ));
        };
        match (&range.low, &range.high) {
            (Value::Int(low), Value::Int(high)) => self.between(*low, *high, range.inclusive).map(Value::Int),
            (Value::Duration(low), Value::Duration(high)) => {
                self.between(*low, *high, range.inclusive).map(Value::Duration)
            }
            (Value::Float(low), Value::Float(high)) if low < high => {
                let unit = (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
                Ok(Value::Float(low + (high - low) * unit))
            }
            _ => Err(Error::new(
                ErrorKind::TypeError,
                "a random number is drawn from a range of ints, floats or durations",
            )),
        }
    }

    /// The list in a random order (Fisher and Yates).
    pub fn shuffle(&mut self, list: &Value) -> Result<Value> {
        let mut items = value::items(list)?.to_vec();
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
        Ok(Value::List(Shared::new(items)))
    }

    /// Any element.
    pub fn choose(&mut self, from: &Value) -> Result<Value> {
        let mut items = value::items(from)?.to_vec();
        if items.is_empty() {
            return Err(Error::new(ErrorKind::IndexError, "nothing to choose from"));
        }
        let index = self.below(items.len() as u64) as usize;
        Ok(items.swap_remove(index))
    }
}
