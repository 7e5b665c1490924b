//! Several workers on one search.
//!
//! Each walks depth first from where it began, and all look states up in one table. Whoever has nothing left to do is
//! given a step of another's that has not been taken: one near the beginning of the other's way, behind which most lies
//! (as in the work stealing of Blumofe and Leiserson, Journal of the ACM 46(5), 1999, though here who is asked gives).
//!
//! A state counts as closed once everything behind it was walked, by whomever. So the first of a cycle to be closed has
//! a step to one that is not: what holds of the stack of a single search holds of the states that are open here.
//!
//! Answers for: jobs and their end, limits that all keep together. Never takes a step.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::sleep::Kept;
use crate::check::Bound;
use crate::machine::{Choice, State};

/// How often the one that waits for a job tells how far all have come.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// A state for somebody else to go on from.
pub(super) struct Job {
    pub(super) state: State,
    /// The steps that lead there.
    pub(super) way: Vec<Choice>,
    pub(super) loan: Arc<Loan>,
    /// Who sleeps there.
    pub(super) asleep: Kept,
    /// Of one that was met before: those who sleep there no longer.
    pub(super) woken: Option<Kept>,
}

/// A part of a walk that was given away.
#[derive(Debug, Default)]
pub(super) struct Loan {
    is_walked: AtomicBool,
    /// What was given away of it in turn.
    further: Mutex<Vec<Arc<Loan>>>,
}

impl Loan {
    /// Its walk is over, but for what was given away of it.
    pub(super) fn end(&self, further: Vec<Arc<Loan>>) {
        *self.further.lock().unwrap_or_else(PoisonError::into_inner) = further;
        self.is_walked.store(true, Ordering::Release);
    }

    /// Whether everything behind it was walked.
    pub(super) fn is_over(&self) -> bool {
        self.is_walked.load(Ordering::Acquire)
            && self.further.lock().unwrap_or_else(PoisonError::into_inner).iter().all(|loan| loan.is_over())
    }
}

/// What the workers of a search share, beside the states that were met.
pub(super) struct Crew {
    workers: usize,
    hall: Mutex<Hall>,
    changed: Condvar,
    /// How many wait for a job that is not there.
    wanting: AtomicUsize,
    stops: AtomicBool,
    /// What all have met and take, as they told last.
    pub(super) states: AtomicUsize,
    pub(super) bytes: AtomicUsize,
    /// Whether some schedule is known to fail.
    pub(super) fails: AtomicBool,
}

#[derive(Default)]
struct Hall {
    jobs: Vec<Job>,
    idle: usize,
    /// Nobody has anything left to do.
    over: bool,
    bound: Option<Bound>,
}

impl Crew {
    pub(super) fn new(workers: usize, states: usize) -> Crew {
        Crew {
            workers,
            hall: Mutex::default(),
            changed: Condvar::new(),
            wanting: AtomicUsize::new(0),
            stops: AtomicBool::new(false),
            states: AtomicUsize::new(states),
            bytes: AtomicUsize::new(0),
            fails: AtomicBool::new(false),
        }
    }

    fn hall(&self) -> MutexGuard<'_, Hall> {
        self.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody waits for a job.
    #[inline]
    pub(super) fn wants(&self) -> bool {
        self.wanting.load(Ordering::Relaxed) > 0
    }

    /// Gives a job to whoever waits for one.
    pub(super) fn give(&self, job: Job) {
        let mut hall = self.hall();
        hall.jobs.push(job);
        self.count_wanting(&hall);
        self.changed.notify_one();
    }

    fn count_wanting(&self, hall: &Hall) {
        self.wanting.store(hall.idle.saturating_sub(hall.jobs.len()), Ordering::Relaxed);
    }

    /// The next job for one that has nothing left to do; none where nobody has, or where all are to stop. `tell` is
    /// called now and then meanwhile.
    pub(super) fn job(&self, mut tell: impl FnMut()) -> Option<Job> {
        let mut hall = self.hall();
        hall.idle += 1;
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(job) = hall.jobs.pop() {
                hall.idle -= 1;
                self.count_wanting(&hall);
                return Some(job);
            }
            if hall.idle == self.workers {
                hall.over = true;
                self.changed.notify_all();
            }
            if hall.over {
                return None;
            }
            self.count_wanting(&hall);
            hall = self.changed.wait_timeout(hall, TELL_EVERY).unwrap_or_else(PoisonError::into_inner).0;
            tell();
        }
    }

    /// All are to stop where they are.
    pub(super) fn stop(&self, bound: Option<Bound>) {
        let mut hall = self.hall();
        hall.bound = hall.bound.or(bound);
        self.stops.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stops.load(Ordering::Relaxed)
    }

    /// What ended the search before it was over.
    pub(super) fn bound(&self) -> Option<Bound> {
        self.hall().bound
    }
}

/// Whoever leaves by a panic ends the search for all.
pub(super) struct Leaves<'c>(pub(super) &'c Crew);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop(None);
        }
    }
}
