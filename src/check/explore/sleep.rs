//! Sleep sets: actors whose steps need not be taken in a state, since others that were taken before, or will be, lead
//! to all that is behind them (Godefroid, Partial-Order Methods for the Verification of Concurrent Systems, 1996,
//! chapter 5).
//!
//! Of several steps of a state, those that were taken first sleep behind the later ones, until one is taken that does
//! not accord with them. What sleeps in a state on all ways on which it was met is kept with it; whoever comes to
//! it with less asleep takes the steps of those who are then awake.
//!
//! That nothing is lost needs no more than an order of the steps of each state, and that all which do not sleep are
//! taken in the end, by whomever: of the ways from a state that differ only in the order of steps that accord, the one
//! that always goes on with the first that can come first is taken. Those who are woken later count as first: what was
//! taken before had them asleep. So workers may share a search. Ways must come to an end for that: where states may be
//! come back to, nobody sleeps.
//!
//! Answers for: who sleeps, as the numbers of a state and as places in it. Never keeps anything.

use crate::check::met::SLEEPERS;

/// Those who sleep, a bit each, by the numbers that they have in all states that are one.
pub(super) type Kept = u16;

/// Numbers from which on nobody is put to sleep.
const NUMBERS: u32 = SLEEPERS.count_ones();

/// Those of some places who have a number that can be kept, with their numbers.
pub(super) fn kept(places: u64, numbers: Option<&[u32]>) -> (u64, Kept) {
    let Some(numbers) = numbers.filter(|_| places != 0) else { return (0, 0) };
    let (mut able, mut kept, mut left) = (0, 0, places);
    while left != 0 {
        let place = left.trailing_zeros();
        left &= left - 1;
        let bit = bit(numbers, place);
        able |= u64::from(bit != 0) << place;
        kept |= bit;
    }
    (able, kept)
}

/// The places of those who were kept.
pub(super) fn places(kept: Kept, numbers: Option<&[u32]>) -> u64 {
    let Some(numbers) = numbers.filter(|_| kept != 0) else { return 0 };
    let mut places = 0;
    for place in 0..u64::BITS.min(numbers.len() as u32) {
        if bit(numbers, place) & kept != 0 {
            places |= 1 << place;
        }
    }
    places
}

fn bit(numbers: &[u32], place: u32) -> Kept {
    let number = numbers.get(place as usize).and_then(|number| number.checked_sub(1));
    number.filter(|number| *number < NUMBERS).map_or(0, |number| 1 << number)
}
