//! Tickets: in the order that they give, each object did what its kind allows, failures and lost patience included.

use std::collections::{BTreeMap, VecDeque};

use conc::program::op::OpCode;
use conc::trace::{Datum, Event, Place, Status, Trace};
use conc::value::ObjectKind;
use conc::{RunOptions, Scenario};

/// What takes tickets in one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Object(u32),
    Actor(u32),
    Result(Place),
}

fn trace_of(text: &str) -> Trace {
    let plan = Scenario::from_str(text).plan(&[]).unwrap_or_else(|found| panic!("{found:?}"));
    let run = plan.run(&RunOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert!(run.passed(), "{:?} {:?}\n{}", run.ending, run.errors(), run.output());
    run.trace().clone()
}

fn order_of(trace: &Trace, event: &Event) -> Option<Order> {
    if let Some(object) = event.object {
        let info = &trace.data().objects[object as usize];
        let lock = info.size.filter(|_| info.kind == ObjectKind::Condition);
        return Some(Order::Object(lock.map_or(object, |lock| lock as u32)));
    }
    match event.args.first() {
        Some(Datum::Result(place)) if event.op >= OpCode::PoolDone => Some(Order::Result(*place)),
        _ => event.actor.map(Order::Actor),
    }
}

/// The events of each order; every ticket is there, and no other event has it.
fn orders(trace: &Trace) -> BTreeMap<Order, Vec<&Event>> {
    let mut orders: BTreeMap<Order, Vec<&Event>> = BTreeMap::new();
    for event in trace.events() {
        if let Some(order) = order_of(trace, event) {
            assert!(event.ticket > 0, "no ticket: {event:?}");
            orders.entry(order).or_default().push(event);
        }
    }
    for events in orders.values_mut() {
        events.sort_by_key(|event| event.ticket);
        for pair in events.windows(2) {
            assert!(pair[0].ticket < pair[1].ticket, "the same ticket: {pair:?}");
        }
    }
    orders
}

/// Checks every object of a trace whose kind is known here.
fn check(trace: &Trace) {
    for (order, events) in orders(trace) {
        match order {
            Order::Object(object) => {
                let info = &trace.data().objects[object as usize];
                match info.kind {
                    ObjectKind::Queue => queue(&events, info.size),
                    ObjectKind::Lock | ObjectKind::Rlock | ObjectKind::Condition => lock(&events),
                    ObjectKind::Semaphore => semaphore(&events, info.size),
                    ObjectKind::Event => flag(&events),
                    _ => {}
                }
            }
            Order::Actor(_) => actor(&events),
            Order::Result(_) => result(&events),
        }
    }
}

fn raised(event: &Event) -> &str {
    match &event.status {
        Status::Raised(kind, _) => kind,
        Status::Gave(_) => "",
    }
}

fn gave(event: &Event, value: bool) -> bool {
    matches!(event.status, Status::Gave(Datum::Bool(given)) if given == value)
}

fn queue(events: &[&Event], size: Option<i64>) {
    let (mut items, mut closed) = (VecDeque::new(), false);
    // Who waits at a rendezvous.
    let mut waiting: Vec<(u32, &str)> = Vec::new();
    let waits = |waiting: &[(u32, &str)], what: &str| waiting.iter().any(|(_, op)| (*op == "put") == (what == "put"));
    for event in events {
        let len = items.len() as i64;
        if event.op != OpCode::Arrive {
            waiting.retain(|(actor, _)| *actor != event.place.actor);
        }
        match (event.op, raised(event)) {
            (OpCode::Arrive, _) => {
                let Some(Datum::Str(op)) = event.args.last() else { panic!("{event:?}") };
                assert!(!waits(&waiting, if op == "put" { "get" } else { "put" }), "a partner waits: {event:?}");
                waiting.push((event.place.actor, op));
            }
            (OpCode::QueuePut, "") => {
                assert!(!closed && size.is_none_or(|size| len < size.max(1)), "{event:?}");
                items.push_back(event.args[0].clone());
            }
            (OpCode::QueuePut, "Full") => {
                assert!(!closed && size.is_some_and(|size| len >= size), "{event:?}");
                assert!(size != Some(0) || !waits(&waiting, "get"), "{event:?}");
            }
            (OpCode::QueueGet, "") => match &event.status {
                Status::Gave(value) => assert_eq!(items.pop_front().as_ref(), Some(value), "{event:?}"),
                Status::Raised(..) => {}
            },
            (OpCode::QueueGet, "Empty") => {
                assert!(!closed && len == 0 && !waits(&waiting, "put"), "{event:?}");
            }
            (OpCode::QueueNext, _) => match &event.status {
                Status::Gave(Datum::List(turn)) if turn[0] == Datum::Bool(true) => {
                    assert_eq!(items.pop_front().as_ref(), Some(&turn[1]), "{event:?}");
                }
                _ => assert!(closed && items.is_empty(), "{event:?}"),
            },
            (OpCode::QueueClose, "") => closed = true,
            (_, "Closed") => assert!(closed, "{event:?}"),
            (OpCode::QueueLen, _) => {
                assert!(matches!(event.status, Status::Gave(Datum::Int(given)) if given == len), "{event:?}");
            }
            _ => {}
        }
    }
}

fn lock(events: &[&Event]) {
    let mut holder = None;
    for event in events {
        let actor = event.place.actor;
        match (event.op, raised(event)) {
            (OpCode::LockAcquire | OpCode::ConditionWait, "")
                if event.op != OpCode::LockAcquire || gave(event, true) =>
            {
                assert_eq!(holder, None, "{event:?}");
                holder = Some(actor);
            }
            (OpCode::LockAcquire, "") => assert!(holder.is_some(), "{event:?}"),
            (OpCode::LockRelease | OpCode::Arrive, "") => {
                assert_eq!(holder, Some(actor), "{event:?}");
                holder = None;
            }
            (OpCode::ConditionNotify | OpCode::ConditionNotifyAll, "") => assert_eq!(holder, Some(actor), "{event:?}"),
            (_, "NotHeld") => assert_ne!(holder, Some(actor), "{event:?}"),
            _ => {}
        }
    }
}

fn semaphore(events: &[&Event], size: Option<i64>) {
    let mut value = size.unwrap_or(0);
    for event in events {
        match event.op {
            OpCode::SemaphoreAcquire if gave(event, true) => {
                assert!(value > 0, "{event:?}");
                value -= 1;
            }
            OpCode::SemaphoreAcquire => assert_eq!(value, 0, "{event:?}"),
            OpCode::SemaphoreRelease => value += 1,
            _ => {}
        }
    }
}

fn flag(events: &[&Event]) {
    let mut set = false;
    for event in events {
        match event.op {
            OpCode::EventSet => set = true,
            OpCode::EventClear => set = false,
            OpCode::EventIsSet => assert!(gave(event, set), "{event:?}"),
            // One that a set let go may have its ticket behind the clear that followed.
            OpCode::EventWait => assert!(gave(event, true) || !set, "{event:?}"),
            _ => {}
        }
    }
}

fn actor(events: &[&Event]) {
    let mut ended = false;
    for (at, event) in events.iter().enumerate() {
        match event.op {
            OpCode::Start => assert_eq!((at, event.ticket), (0, 1), "{event:?}"),
            OpCode::End => ended = true,
            OpCode::IsAlive => assert!(gave(event, !ended), "{event:?}"),
            OpCode::Join => assert!(gave(event, ended), "{event:?}"),
            OpCode::ExitCode => assert_eq!(matches!(event.status, Status::Gave(Datum::Int(_))), ended, "{event:?}"),
            _ => {}
        }
    }
}

fn result(events: &[&Event]) {
    let (mut done, mut cancelled) = (false, false);
    for event in events {
        match (event.op, raised(event)) {
            (OpCode::PoolDone, _) => done = true,
            (OpCode::ResultCancel, _) if gave(event, true) => {
                assert!(!done, "{event:?}");
                cancelled = true;
            }
            (OpCode::ResultGet, "Timeout") => assert!(!done && !cancelled, "{event:?}"),
            (OpCode::ResultGet, "Cancelled") => assert!(cancelled, "{event:?}"),
            (OpCode::ResultGet, _) => assert!(done, "{event:?}"),
            (OpCode::ResultReady, _) => assert!(gave(event, done || cancelled), "{event:?}"),
            _ => {}
        }
    }
}

/// Runs a scenario with processes, then with threads in their place.
fn check_both(text: &str) {
    for kind in ["process", "thread"] {
        for _ in 0..3 {
            check(&trace_of(&text.replace("KIND", kind)));
        }
    }
}

#[test]
fn of_queues() {
    for capacity in ["", "(2)", "(0)"] {
        check_both(&format!(
            r#"
queue q{capacity}
KIND put_[i in 0..3] {{
    for k in 0..60 {{
        try {{ if k % 3 == 0 {{ q.put_nowait([i, k]) }} else {{ q.put([i, k], timeout: 300us) }} }}
        catch Full {{ pass }}
        catch Closed {{ pass }}
    }}
}}
KIND get_ {{
    for k in 0..60 {{
        try {{ if k % 3 == 0 {{ q.get_nowait() }} else {{ q.get(timeout: 300us) }} }}
        catch Empty {{ pass }}
        catch Closed {{ pass }}
        q.len()
    }}
}}
KIND close_ {{ sleep 10ms; q.close() }}
main {{
    start put_
    let all = [start get_, start get_, start close_]
    try {{ for k in 0..200 {{ q.put(k); q.get() }} }} catch Closed {{ pass }}
    join all
    for x in q {{ pass }}
    try {{ q.put(1) }} catch Closed {{ pass }}
}}
"#
        ));
    }
}

#[test]
fn of_locks_and_conditions() {
    check_both(
        r#"
lock m
rlock r
condition c(m)
condition own
KIND w {
    for k in 0..40 {
        if m.acquire(timeout: 100us) { m.release() }
        if m.acquire(block: false) { m.release() }
        with m { c.notify() }
        with c { c.wait(timeout: 200us) }
        with own { own.notify_all(); own.wait(timeout: 100us) }
        try { c.notify() } catch NotHeld { pass }
        m.locked()
        c.waiting()
    }
}
main { let all = [start w, start w, start w]; join all }
"#,
    );
}

#[test]
fn of_semaphores_and_events() {
    check_both(
        r#"
semaphore s(1)
event e
KIND w {
    for k in 0..60 {
        if s.acquire(timeout: 50us) { s.release() }
        if s.acquire(block: false) { s.release() }
        e.wait(timeout: 50us)
        if k % 2 == 0 { e.set() } else { e.clear() }
        e.is_set()
    }
}
main { let all = [start w, start w, start w]; join all }
"#,
    );
}

#[test]
fn of_actors() {
    let text = r#"
process p { sleep random(0ms..2ms) }
thread t { sleep random(0ms..2ms) }
timer late(2ms) { pass }
main {
    for k in 0..10 {
        let child = start p
        let other = start t
        let wake = start late
        while child.is_alive() { child.join(timeout: 200us); child.exitcode(); other.is_alive() }
        child.exitcode()
        wake.cancel()
        join other, wake
        other.is_alive()
    }
}
"#;
    for _ in 0..3 {
        check(&trace_of(text));
    }
}

#[test]
fn of_pools_and_results() {
    let text = r#"
pool w(2)
task work(n) { sleep 1ms * n; return n }
task wrong() { raise ValueError("no") }
main {
    for round in 0..10 {
        let rs = [w.apply_async(work, n) for n in [2, 0, 1, 3, 1]]
        rs[4].cancel()
        rs[3].cancel()
        try { rs[0].get(timeout: 500us) } catch Timeout { pass }
        for r in rs { try { r.get() } catch Cancelled { pass }; r.ready() }
        try { w.apply(wrong) } catch ValueError { pass }
        w.map(work, [0, 0, 0])
    }
    try { w.join() } catch PoolRunning { pass }
    w.close()
    try { w.apply_async(work, 1) } catch PoolClosed { pass }
    w.join()
}
"#;
    for _ in 0..3 {
        let trace = trace_of(text);
        check(&trace);
        // No task that was cancelled is taken.
        let cancelled: Vec<Place> = trace
            .events()
            .iter()
            .filter(|event| event.op == OpCode::ResultCancel && gave(event, true))
            .filter_map(|event| if let Some(Datum::Result(place)) = event.args.first() { Some(*place) } else { None })
            .collect();
        let taken = trace.events().iter().filter(|event| event.op == OpCode::PoolTake).filter_map(|event| event.cause);
        assert!(taken.into_iter().all(|place| !cancelled.contains(&place)));
    }
}

/// Checks the pipe whose ends have these names: they share one order.
fn pipe(trace: &Trace, names: [&str; 2]) {
    let end = |event: &&Event| {
        event
            .object
            .and_then(|object| names.iter().position(|name| *name == trace.data().objects[object as usize].name))
    };
    let mut events: Vec<(usize, &Event)> =
        trace.events().iter().filter_map(|event| Some((end(&event)?, event))).collect();
    events.sort_by_key(|(_, event)| event.ticket);
    assert!(events.windows(2).all(|pair| pair[0].1.ticket < pair[1].1.ticket), "one ticket twice");
    // On its way to each end.
    let mut ways = [VecDeque::new(), VecDeque::new()];
    for (end, event) in events {
        let came = match (&event.status, event.op) {
            (Status::Gave(Datum::List(turn)), OpCode::PipeNext) => turn.get(1).filter(|_| turn[0] == Datum::Bool(true)),
            (Status::Gave(value), OpCode::PipeRecv) => Some(value),
            _ => None,
        };
        match (event.op, raised(event)) {
            (OpCode::PipeSend, "") => ways[1 - end].push_back(event.args[0].clone()),
            (OpCode::PipeRecv | OpCode::PipeNext, "" | "EOF") => {
                assert_eq!(ways[end].pop_front().as_ref(), came, "{event:?}");
            }
            (OpCode::PipePoll, _) => assert!(gave(event, true) || ways[end].is_empty(), "{event:?}"),
            _ => {}
        }
    }
}

#[test]
fn of_pipes() {
    for kind in ["process", "thread"] {
        let text = r#"
pipe a <-> b
KIND w[i in 0..3] { for k in 0..40 { b.send([i, k, [7; 400 * (k % 4)]]); if k % 8 == 0 { b.recv() } } }
KIND r { for k in 0..30 { a.poll(timeout: 20us); a.recv() } }
main {
    let all = [start r, start r]
    let ws = start w
    for k in 0..15 { a.send(k); a.poll() }
    for k in 0..60 { a.recv() }
    join all
    join ws
    b.close()
    for x in a { pass }
    try { a.send([1; 70000]) } catch BrokenPipe { pass }
}
"#;
        for _ in 0..3 {
            pipe(&trace_of(&text.replace("KIND", kind)), ["a", "b"]);
        }
    }
}
