//! Sets of a state's actors, as bits.
//!
//! Answers for: who is among them. Never knows who they are.

/// A set of actors, by their places in an outlook.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Group {
    first: u64,
    /// Of hardly any scenario is there more.
    more: Vec<u64>,
}

impl Clone for Group {
    #[inline]
    fn clone(&self) -> Group {
        let more = if self.more.is_empty() { Vec::new() } else { self.more.clone() };
        Group { first: self.first, more }
    }
}

impl Group {
    /// Adds one, or takes it away.
    #[inline]
    pub(super) fn put(&mut self, at: usize, is_in: bool) {
        if is_in {
            self.add(at);
        } else {
            self.remove(at);
        }
    }

    pub(super) fn clear(&mut self) {
        self.first = 0;
        self.more.clear();
    }

    #[inline]
    pub(super) fn word(&self, at: usize) -> u64 {
        if at < 64 { self.first } else { self.more.get(at / 64 - 1).copied().unwrap_or(0) }
    }

    /// Whether one is among them.
    #[inline]
    pub fn has(&self, at: usize) -> bool {
        self.word(at) >> (at % 64) & 1 == 1
    }

    /// Adds one.
    #[inline]
    pub fn add(&mut self, at: usize) {
        if at < 64 {
            self.first |= 1 << at;
            return;
        }
        let word = at / 64 - 1;
        if self.more.len() <= word {
            self.more.resize(word + 1, 0);
        }
        self.more[word] |= 1 << (at % 64);
    }

    /// Adds others.
    #[inline]
    pub fn add_all(&mut self, others: &Group) {
        self.first |= others.first;
        if others.more.is_empty() {
            return;
        }
        if self.more.len() < others.more.len() {
            self.more.resize(others.more.len(), 0);
        }
        self.more.iter_mut().zip(&others.more).for_each(|(own, other)| *own |= other);
    }

    #[inline]
    pub(super) fn remove(&mut self, at: usize) {
        if at < 64 {
            self.first &= !(1 << at);
        } else if let Some(word) = self.more.get_mut(at / 64 - 1) {
            *word &= !(1 << (at % 64));
        }
    }

    #[inline]
    pub(super) fn remove_all(&mut self, others: &Group) {
        self.first &= !others.first;
        self.more.iter_mut().zip(&others.more).for_each(|(own, other)| *own &= !other);
    }

    #[inline]
    pub(super) fn is_within(&self, others: &Group) -> bool {
        if self.more.is_empty() {
            return self.first & !others.first == 0;
        }
        let more = self.more.iter().enumerate();
        let mut more = more.map(|(at, word)| (word, others.more.get(at).copied().unwrap_or(0)));
        self.first & !others.first == 0 && more.all(|(word, other)| word & !other == 0)
    }

    /// How many they are.
    #[inline]
    pub fn len(&self) -> usize {
        if self.more.is_empty() {
            return self.first.count_ones() as usize;
        }
        (self.first.count_ones() + self.more.iter().map(|word| word.count_ones()).sum::<u32>()) as usize
    }

    /// How many of them are among others.
    #[inline]
    pub(super) fn shared_with(&self, others: &Group) -> usize {
        if self.more.is_empty() {
            return (self.first & others.first).count_ones() as usize;
        }
        let more = self.more.iter().zip(&others.more).map(|(own, other)| (own & other).count_ones());
        ((self.first & others.first).count_ones() + more.sum::<u32>()) as usize
    }

    /// Whether there is nobody.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.more.iter().all(|word| *word == 0)
    }

    /// The first of them that is not among others.
    #[inline]
    pub fn first_beside(&self, others: &Group) -> Option<usize> {
        let left = self.first & !others.first;
        if left != 0 || self.more.is_empty() {
            return (left != 0).then_some(left.trailing_zeros() as usize);
        }
        self.iter().skip_while(|at| *at < 64).find(|at| !others.has(*at))
    }

    /// Their places, from the first.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = std::iter::once(self.first).chain(self.more.iter().copied());
        words.enumerate().flat_map(|(at, word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                (left != 0).then(|| {
                    left &= left - 1;
                    at * 64 + bit
                })
            })
        })
    }
}
