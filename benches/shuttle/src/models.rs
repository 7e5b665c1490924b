//! The models as shuttle has them; conc's are the scenarios of the same names.

use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard};
use shuttle::thread;

/// N threads side by side, and main waits for them.
fn all(n: usize, body: impl Fn(usize) + Send + Sync + Clone + 'static) {
    let threads: Vec<_> = (0..n)
        .map(|at| {
            let body = body.clone();
            thread::spawn(move || body(at))
        })
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
}

/// What a lock gives: nobody panics while holding one.
fn held<'a, T>(lock: &'a Mutex<T>) -> Option<MutexGuard<'a, T>> {
    lock.lock().ok()
}

/// `philosophers.conc`
pub(crate) fn philosophers(n: usize, k: usize) {
    let forks: Arc<Vec<Mutex<()>>> = Arc::new((0..n).map(|_| Mutex::new(())).collect());
    all(n, move |at| {
        for _ in 0..k {
            let _left = held(&forks[at]);
            let _right = held(&forks[(at + 1) % n]);
        }
    });
}

/// `lost_updates.conc`
pub(crate) fn lost_updates(n: usize, k: usize) {
    let x = Arc::new(AtomicUsize::new(0));
    let shared = Arc::clone(&x);
    all(n, move |_| {
        for _ in 0..k {
            let seen = shared.load(SeqCst);
            shared.store(seen + 1, SeqCst);
        }
    });
    assert_eq!(x.load(SeqCst), n * k);
}

/// `lost_wakeup.conc`
pub(crate) fn lost_wakeup(n: usize, _: usize) {
    let shared = Arc::new((AtomicBool::new(false), Mutex::new(()), Condvar::new()));
    all(n + 1, move |at| {
        let (ready, lock, changed) = &*shared;
        if at == n {
            let _held = held(lock);
            ready.store(true, SeqCst);
            changed.notify_all();
        } else if !ready.load(SeqCst)
            && let Some(held) = held(lock)
        {
            drop(changed.wait(held));
        }
    });
}
