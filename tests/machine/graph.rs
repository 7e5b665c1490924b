//! The states that a small scenario has, and the laws that hold in each of them and between them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use conc::machine::{Choice, Fingerprint, Foresight, Happened, Machine, Rules, State, Thing, Time, Touch, Way, What};
use conc::program::op::OpCode;
use conc::value;

/// The machine of a text.
pub(crate) fn machine(text: &str, time: Time, late_deaths: bool) -> Machine {
    let plan = match conc::Scenario::from_str(text).plan(&[]) {
        Ok(plan) => plan,
        Err(error) => panic!("{error:?}\n{text}"),
    };
    Machine::new(Arc::new(plan), Rules { time, late_deaths, ..Rules::exploring(512) })
}

/// What a step leads to, and what it says.
type Next = (Vec<u8>, Vec<String>);
/// The same of all steps, and how many there are of each.
type Nexts = BTreeMap<Next, usize>;
/// A step that was taken.
type Step = (Choice, State, Happened);

/// The states that were met, and what was claimed of them.
pub(crate) struct Graph<'m> {
    machine: &'m Machine,
    text: &'m str,
    states: Vec<State>,
    known: HashMap<Vec<u8>, usize>,
    fingerprints: HashSet<Fingerprint>,
    /// By state: what its steps lead to.
    next: Vec<Nexts>,
    /// By state: others that look the same, met before it was looked at.
    twins: HashMap<usize, Vec<State>>,
    pub(crate) outcomes: HashSet<String>,
    /// Pairs of steps that were found to be independent, and were taken in both orders.
    pub(crate) diamonds: usize,
    /// Steps that let somebody else go on who was stuck.
    pub(crate) releases: usize,
    /// Touches that were foreseen.
    pub(crate) foreseen: usize,
    foresight: Foresight,
    pub(crate) complete: bool,
}

/// Whether a touch that was foreseen stands for one that came.
fn covers(foreseen: &Touch, came: &Touch) -> bool {
    let thing = match (foreseen.thing, came.thing) {
        (Thing::World, _) | (Thing::AnyObject, Thing::Object(..)) | (Thing::AnyActor, Thing::Actor(_)) => true,
        (Thing::Object(a, None), Thing::Object(b, _)) => a == b,
        (a, b) => a == b,
    };
    thing && (foreseen.way == came.way || foreseen.way == Way::Write)
}

fn said(happened: &Happened) -> Vec<String> {
    let outcomes = happened.noted.iter().filter(|noted| noted.op == OpCode::Outcome);
    let errors = happened.uncaught.iter().map(|uncaught| uncaught.error.kind.to_string());
    outcomes.map(|noted| value::literal(noted.args.get(0))).chain(errors).collect()
}

impl<'m> Graph<'m> {
    /// Meets up to so many states of a scenario, and holds the laws to each.
    pub(crate) fn check(machine: &'m Machine, text: &'m str, limit: usize) -> Graph<'m> {
        let mut graph = Graph {
            machine,
            text,
            states: Vec::new(),
            known: HashMap::new(),
            fingerprints: HashSet::new(),
            next: Vec::new(),
            twins: HashMap::new(),
            outcomes: HashSet::new(),
            diamonds: 0,
            releases: 0,
            foreseen: 0,
            foresight: Foresight::default(),
            complete: false,
        };
        let (initial, _) = machine.initial().expect("objects that can be made");
        graph.meet(initial);
        let mut at = 0;
        while at < graph.states.len() && graph.states.len() < limit {
            graph.expand(at);
            at += 1;
        }
        graph.complete = at == graph.states.len();
        graph
    }

    fn meet(&mut self, state: State) {
        let canonical = self.machine.canonical(&state);
        let fingerprint = self.machine.fingerprint(&state);
        if let Some(known) = self.known.get(&canonical) {
            assert!(self.fingerprints.contains(&fingerprint));
            match self.next.get(*known) {
                Some(expected) => self.has_future(&state, expected),
                None => self.twins.entry(*known).or_default().push(state),
            }
            return;
        }
        assert!(self.fingerprints.insert(fingerprint), "one fingerprint, two forms{}", self.shown(&state, &[]));
        self.known.insert(canonical, self.states.len());
        self.states.push(state);
    }

    /// What looks the same has the same future.
    fn has_future(&self, state: &State, expected: &Nexts) {
        let (next, _) = self.nexts(state);
        assert!(next == *expected, "equal forms, other futures{}", self.shown(state, &[]));
    }

    fn nexts(&self, state: &State) -> (Nexts, Vec<Step>) {
        let mut next = BTreeMap::new();
        let mut steps = Vec::new();
        for choice in self.machine.choices(state) {
            let mut after = state.clone();
            let happened = self.machine.step(&mut after, &choice).expect("a step that is offered");
            *next.entry((self.machine.canonical(&after), said(&happened))).or_default() += 1;
            steps.push((choice, after, happened));
        }
        (next, steps)
    }

    fn expand(&mut self, at: usize) {
        let state = self.states[at].clone();
        let before = self.machine.canonical(&state);
        let (next, steps) = self.nexts(&state);
        assert_eq!(before, self.machine.canonical(&state), "a step changed where it was taken from");
        for (choice, _, happened) in &steps {
            let (again, _) = {
                let mut after = state.clone();
                let happened = self.machine.step(&mut after, choice).expect("a step that is offered");
                (self.machine.canonical(&after), happened)
            };
            assert!(next.contains_key(&(again, said(happened))), "a step has two results");
        }
        self.outcomes.extend(next.keys().flat_map(|(_, said)| said.iter().cloned()));
        self.twins.remove(&at).unwrap_or_default().iter().for_each(|twin| self.has_future(twin, &next));
        self.next.push(next);
        self.refuses(&state, &before);
        self.diamonds_of(&state, &steps);
        self.foresees(&state, &steps);
        if self.machine.rules().time == Time::Any {
            self.releases_of(&state, &steps);
        }
        steps.into_iter().for_each(|(_, after, _)| self.meet(after));
    }

    /// What is not offered is refused, and changes nothing.
    fn refuses(&self, state: &State, before: &[u8]) {
        let offered = self.machine.choices(state);
        let draws = |actor| offered.iter().any(|one| one.actor == actor && matches!(one.what, What::Draw(_)));
        for actor in 0..state.alive().max().unwrap_or(0) + 2 {
            let dull = [What::Go, What::TimeOut, What::Die(9), What::Die(15), What::Bury];
            let others = [What::Replace(0), What::Serve(vec![99]), What::Draw(value::Value::Int(77))];
            for what in dull.into_iter().chain(others) {
                let choice = Choice { actor, what };
                let plain = matches!(choice.what, What::Go | What::Draw(_)) && draws(actor);
                // What the clock shows is for the real run to say.
                let now = self.machine.next_op(state, actor).is_some_and(|op| op.code == OpCode::Now);
                if plain || now || offered.contains(&choice) {
                    continue;
                }
                let mut after = state.clone();
                let refused = self.machine.step(&mut after, &choice).is_err();
                assert!(refused, "taken, though not offered{}", self.shown(state, &[&choice]));
                assert_eq!(before, self.machine.canonical(&after));
            }
        }
    }

    /// Steps that accord can be taken in either order, to the same end.
    fn diamonds_of(&mut self, state: &State, steps: &[Step]) {
        for (at, (a, after_a, _)) in steps.iter().enumerate() {
            for (b, after_b, _) in &steps[at + 1..] {
                if !self.machine.accord(state, a, b) {
                    assert!(!self.machine.accord(state, b, a), "not symmetric{}", self.shown(state, &[a, b]));
                    continue;
                }
                let (mut ab, mut ba) = (after_a.clone(), after_b.clone());
                let second = self.machine.step(&mut ab, b).and_then(|_| self.machine.step(&mut ba, a));
                assert!(second.is_ok(), "one keeps the other from being taken{}", self.shown(state, &[a, b]));
                assert!(self.machine.choices(after_a).contains(b) && self.machine.choices(after_b).contains(a));
                let same = self.machine.canonical(&ab) == self.machine.canonical(&ba);
                assert!(same, "their order matters{}", self.shown(state, &[a, b]));
                self.diamonds += 1;
            }
        }
    }

    /// What an actor comes to do next, it was said that it could do.
    fn foresees(&mut self, state: &State, steps: &[Step]) {
        let before = self.machine.foresee(state, &mut self.foresight);
        let reaches_all = |actor: u32| {
            let one = before.iter().find(|one| one.actor == actor);
            one.is_none_or(|one| one.now.iter().any(|touch| touch.thing == Thing::World))
        };
        // Of a step that may end others it was said that it touches everything.
        for (choice, after, _) in steps.iter().filter(|(choice, ..)| !reaches_all(choice.actor)) {
            for now in self.machine.foresee(after, &mut self.foresight) {
                let Some(could) = before.iter().find(|one| one.actor == now.actor) else { continue };
                let could: Vec<&Touch> = could.now.iter().chain(could.later.iter()).collect();
                // What was not there before nobody could name.
                let is_new = |thing: Thing| match thing {
                    Thing::Object(id, _) => self.machine.object_name(state, id).is_none(),
                    Thing::Actor(actor) => actor == now.actor || state.name(actor).is_empty(),
                    _ => false,
                };
                for touch in now.now.iter().filter(|touch| !is_new(touch.thing)) {
                    let known = could.iter().any(|one| covers(one, touch));
                    assert!(known, "{} does {touch:?} next{}", now.actor, self.shown(state, &[choice]));
                    self.foreseen += 1;
                }
            }
        }
    }

    /// Who is stuck has no step, and is let go only by those who are said to be able to.
    fn releases_of(&mut self, state: &State, steps: &[Step]) {
        for stuck in self.machine.stuck(state) {
            let mut own = Vec::new();
            self.machine.choices_of(state, stuck.actor, &mut own);
            assert!(own.is_empty(), "stuck, yet can go{}", self.shown(state, &[]));
            for (choice, after, happened) in steps {
                own.clear();
                self.machine.choices_of(after, stuck.actor, &mut own);
                own.retain(|one| !matches!(one.what, What::Die(_) | What::Bury | What::Replace(_)));
                let went_on = |noted: &&conc::machine::Noted| noted.actor == stuck.actor && noted.op != OpCode::Arrive;
                let done = happened.noted.iter().find(went_on).is_some_and(|noted| noted.op != OpCode::End);
                if !after.is_alive(stuck.actor) || after.is_over() || (!done && own.is_empty()) {
                    continue;
                }
                self.releases += 1;
                let known = stuck.could_enable.contains(&choice.actor);
                assert!(known, "released {stuck:?}{}", self.shown(state, &[choice]));
            }
        }
    }

    fn shown(&self, state: &State, choices: &[&Choice]) -> String {
        let mut lines = String::new();
        for actor in state.alive() {
            let op = self.machine.next_op(state, actor).map(|op| (op.code, op.target, op.args.as_slice()));
            lines += &format!("\n  {actor} {}: {op:?}", state.name(actor));
        }
        format!(": {choices:?}{lines}\nin\n{}", self.text)
    }
}
