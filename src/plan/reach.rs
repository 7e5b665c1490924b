//! What an actor could still do from where it stands, with everything that it calls and everyone that it could start.
//!
//! For each instruction, the operations that are reachable from it: along the ways through its body, through the bodies
//! that these call and begin. It is worked out when it is first asked for, once.
//!
//! Answers for: that nothing is left out that could happen; what cannot happen may be in it. Never looks at a state.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::User;
use super::deeds::{Deed, Doing, Doings, Run, doings};
use super::handles::{covers, followers};
use super::usage::Hints;
use crate::analysis::Owner;
use crate::program::op::{OpCode, Site};
use crate::program::{Code, CodeId, Program};
use crate::value::ObjectKind;

/// Operations of which each would do.
pub type Ops = &'static [OpCode];

/// What each instruction could still lead to.
#[derive(Debug)]
pub struct Reach {
    program: Arc<Program>,
    hints: Hints,
    table: OnceLock<Table>,
}

/// Where an actor is.
#[derive(Clone, Copy, Debug)]
pub enum Stand<'a> {
    /// It has not begun.
    Before,
    /// At these places of its bodies, that of the outermost first: in the last of them it is, or is about to be.
    At(&'a [Site]),
    /// Its body has ended.
    Over,
}

/// What an actor could still do: sets of a [`Reach`]; none: anything.
pub type Ahead = Option<Vec<u32>>;

/// One operation on objects of one declaration (none: on a handle that came as a value); and whether it is a release
/// that stands before any acquire of the same thing.
type Item = (Deed, bool);

#[derive(Debug, Default)]
struct Table {
    items: FxHashMap<Item, usize>,
    sets: Vec<Bits>,
    /// By code and instruction: the set.
    at: Vec<Vec<u32>>,
    given_away: BTreeSet<u32>,
    released: BTreeSet<Option<u32>>,
    /// The instructions that acquire.
    acquires: FxHashSet<Site>,
    kills: Bits,
    works: Bits,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Bits(Vec<u64>);

impl Bits {
    fn insert(&mut self, bit: usize) {
        if self.0.len() <= bit / 64 {
            self.0.resize(bit / 64 + 1, 0);
        }
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    fn contains(&self, bit: usize) -> bool {
        self.0.get(bit / 64).is_some_and(|word| word & (1 << (bit % 64)) != 0)
    }

    /// Whether that is more.
    fn add(&mut self, other: &Bits) -> bool {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        let mut more = false;
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            more |= *other & !*word != 0;
            *word |= other;
        }
        more
    }

    fn take_away(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= !other);
    }

    fn meets(&self, other: &Bits) -> bool {
        self.0.iter().zip(&other.0).any(|(word, other)| word & other != 0)
    }
}

impl Reach {
    pub(super) fn new(program: Arc<Program>, hints: Hints) -> Reach {
        Reach { program, hints, table: OnceLock::new() }
    }

    fn table(&self) -> &Table {
        self.table.get_or_init(|| Builder::new(&self.program, &self.hints).table())
    }

    /// What an actor could still do. `user` is whose program it runs, `calls_back` tells the thread with a pool's
    /// callbacks from a worker; the first actor of a process also starts workers in place of others.
    pub fn ahead(&self, user: Option<User>, calls_back: bool, is_first: bool, stand: Stand<'_>) -> Ahead {
        let (table, user) = (self.table(), user?);
        let entry = |code: Option<CodeId>| table.set_at(Site { code: code?.0, pc: 0 });
        let mut sets = Vec::new();
        match stand {
            Stand::Before => sets.push(entry(self.code_of(user, calls_back))?),
            Stand::At(frames) => {
                let (last, outer) = frames.split_last()?;
                sets.push(table.set_at(*last)?);
                // It may have acquired already, and not have said that it is past it.
                let past = Some(last).filter(|last| table.acquires.contains(*last));
                for frame in outer.iter().chain(past) {
                    let code = self.program.codes.get(frame.code as usize)?;
                    let after = after(code, frame.pc as usize).into_iter();
                    sets.extend(after.filter_map(|pc| table.set_at(Site { code: frame.code, pc: pc as u32 })));
                }
            }
            Stand::Over => {}
        }
        if user == User::Main {
            let is_in_finally =
                matches!(stand, Stand::At([first, ..]) if Some(CodeId(first.code)) == self.program.finally);
            sets.extend(entry(self.program.finally.filter(|_| !is_in_finally)));
        }
        if let User::Worker(pool) = user {
            // Whoever is in its place when it has ended.
            sets.extend(entry(self.program.objects.get(pool as usize)?.body));
        }
        if is_first {
            let pools = self.program.objects.iter().filter(|spec| spec.kind == ObjectKind::Pool);
            for pool in pools.filter(|spec| owner(spec.owner) == user) {
                sets.extend([pool.body, pool.callbacks].into_iter().filter_map(entry));
            }
        }
        sets.sort_unstable();
        sets.dedup();
        Some(sets)
    }

    fn code_of(&self, user: User, calls_back: bool) -> Option<CodeId> {
        match user {
            User::Main => Some(self.program.main),
            User::Finally => self.program.finally,
            User::Template(template) => self.program.templates.get(template as usize).map(|template| template.body),
            User::Worker(pool) => {
                let pool = self.program.objects.get(pool as usize)?;
                if calls_back { pool.callbacks } else { pool.body }
            }
        }
    }

    /// Whether one of the operations on an object of a declaration is ahead; none: on a handle that no declaration
    /// names.
    pub fn may(&self, ahead: &Ahead, decl: Option<u32>, ops: &[OpCode]) -> bool {
        ops.iter().any(|op| self.is_ahead(ahead, decl, *op, false))
    }

    /// Whether a release is ahead that comes before an acquire of the same.
    pub fn may_release(&self, ahead: &Ahead, decl: u32, op: OpCode) -> bool {
        self.is_ahead(ahead, Some(decl), op, true)
    }

    fn is_ahead(&self, ahead: &Ahead, decl: Option<u32>, op: OpCode, exposed: bool) -> bool {
        let (table, Some(sets)) = (self.table(), ahead) else { return true };
        let has = |decl: Option<u32>| {
            let item = table.items.get(&(Deed { decl, op }, exposed));
            item.is_some_and(|item| table.of(sets).any(|set| set.contains(*item)))
        };
        has(decl) || decl.is_some_and(|decl| self.is_passed_on(decl)) && has(None)
    }

    /// Whether handles of an object may have gone anywhere.
    pub fn is_passed_on(&self, decl: u32) -> bool {
        self.table().given_away.contains(&decl)
    }

    /// Whether the end of a process that is not its own is ahead.
    pub fn may_kill(&self, ahead: &Ahead) -> bool {
        let table = self.table();
        ahead.as_ref().is_none_or(|sets| table.of(sets).any(|set| set.meets(&table.kills)))
    }

    /// Whether the scenario has any operation that ends another process.
    pub fn kills(&self) -> bool {
        self.table().kills != Bits::default()
    }

    /// Whether tasks of a pool are done by it, or by a worker that it starts.
    pub fn may_work(&self, ahead: &Ahead) -> bool {
        let table = self.table();
        ahead.as_ref().is_none_or(|sets| table.of(sets).any(|set| set.meets(&table.works)))
    }

    /// The declarations that are names of one lock: itself and the conditions over it.
    pub fn names_of_lock(&self, decl: u32) -> impl Iterator<Item = u32> + '_ {
        self.hints.names.get(decl as usize).into_iter().flatten().copied()
    }

    /// Whether a lock is ever released but at the end of a `with`: then perhaps by one who does not hold it.
    pub fn is_released_openly(&self, decl: u32) -> bool {
        let table = self.table();
        self.names_of_lock(decl).any(|name| table.is_released_openly(name))
    }
}

fn owner(owner: Owner) -> User {
    match owner {
        Owner::File | Owner::Main => User::Main,
        Owner::Template(template) => User::Template(template.0),
        Owner::Pool(pool) => User::Worker(pool.0),
    }
}

/// The instructions at which it goes on after one, or after an error in it.
fn after(code: &Code, pc: usize) -> Vec<usize> {
    let next = code.instrs.get(pc).into_iter().flat_map(|instr| followers(*instr, pc));
    let handler = code.handlers.iter().find(|handler| covers(handler.start, handler.end, pc));
    next.chain(handler.map(|handler| usize::from(handler.target))).collect()
}

impl Table {
    fn set_at(&self, site: Site) -> Option<u32> {
        self.at.get(site.code as usize)?.get(site.pc as usize).copied()
    }

    fn of<'a>(&'a self, sets: &'a [u32]) -> impl Iterator<Item = &'a Bits> {
        sets.iter().filter_map(|set| self.sets.get(*set as usize))
    }

    /// Whether a lock is, by this name.
    fn is_released_openly(&self, name: u32) -> bool {
        self.released.contains(&Some(name)) || self.given_away.contains(&name) && self.released.contains(&None)
    }

    fn item(&mut self, deed: Deed, exposed: bool) -> usize {
        let next = self.items.len();
        *self.items.entry((deed, exposed)).or_insert(next)
    }
}

struct Builder<'a> {
    program: &'a Program,
    hints: &'a Hints,
    codes: Vec<Doings>,
    table: Table,
}

impl<'a> Builder<'a> {
    fn new(program: &'a Program, hints: &'a Hints) -> Builder<'a> {
        let mut workers: FxHashMap<CodeId, u32> = FxHashMap::default();
        for (decl, spec) in (0..).zip(&program.objects).filter(|(_, spec)| spec.kind == ObjectKind::Pool) {
            workers.extend(spec.body.into_iter().chain(spec.callbacks).map(|code| (code, decl)));
        }
        // The lock in the declaration of a condition goes nowhere.
        let of_condition = |spec: &&crate::program::ObjectSpec| spec.kind == ObjectKind::Condition;
        let skipped: BTreeSet<CodeId> =
            program.objects.iter().filter(of_condition).filter_map(|spec| spec.setup).collect();
        let read = |(at, code): (u32, &Code)| match skipped.contains(&CodeId(at)) {
            true => Doings::default(),
            false => doings(program, code, workers.get(&CodeId(at)).copied()),
        };
        let codes: Vec<Doings> = (0..).zip(&program.codes).map(read).collect();
        let mut table = Table::default();
        for code in &codes {
            table.given_away.extend(&code.given_away);
            table.released.extend(&code.released);
        }
        Builder { program, hints, codes, table }
    }

    fn table(mut self) -> Table {
        let own: Vec<Vec<(Bits, Vec<CodeId>)>> = (0..self.codes.len()).map(|code| self.own(code)).collect();
        // What a body does as a whole, with those that it has run.
        let mut whole: Vec<Bits> = vec![Bits::default(); own.len()];
        loop {
            let mut more = false;
            for (code, instrs) in own.iter().enumerate() {
                let mut all = std::mem::take(&mut whole[code]);
                for (bits, runs) in instrs {
                    more |= all.add(bits);
                    for run in runs.iter().filter(|run| run.0 as usize != code) {
                        more |= whole.get(run.0 as usize).is_some_and(|run| all.add(run));
                    }
                }
                whole[code] = all;
            }
            if !more {
                break;
            }
        }
        let mut known: FxHashMap<Bits, u32> = FxHashMap::default();
        for (code, instrs) in own.into_iter().enumerate() {
            let ahead = self.ahead(code, instrs, &whole);
            let sets = ahead.into_iter().map(|bits| {
                let next = known.len() as u32;
                *known.entry(bits).or_insert(next)
            });
            self.table.at.push(sets.collect());
        }
        self.table.sets = vec![Bits::default(); known.len()];
        for (bits, set) in known {
            self.table.sets[set as usize] = bits;
        }
        for (item, bit) in &self.table.items {
            match item.0.op {
                OpCode::Terminate | OpCode::Kill | OpCode::PoolTerminate => self.table.kills.insert(*bit),
                OpCode::PoolTake | OpCode::PoolDone => self.table.works.insert(*bit),
                _ => {}
            }
        }
        self.table
    }

    /// What each instruction of a code does itself, and which bodies it has run.
    fn own(&mut self, code: usize) -> Vec<(Bits, Vec<CodeId>)> {
        let doings = std::mem::take(&mut self.codes[code].by_instr);
        let mut own = Vec::with_capacity(doings.len());
        for (pc, doing) in (0..).zip(&doings) {
            if doing.as_ref().is_some_and(|doing| doing.acquires.is_some()) {
                self.table.acquires.insert(Site { code: code as u32, pc });
            }
            let mut bits = Bits::default();
            for deed in doing.iter().flat_map(|doing| &doing.deeds) {
                bits.insert(self.table.item(*deed, false));
                let may_be_early = match (deed.op, deed.decl) {
                    (OpCode::SemaphoreRelease, _) | (OpCode::LockRelease, None) => true,
                    (OpCode::LockRelease, Some(decl)) => self.is_released_openly(decl),
                    _ => false,
                };
                if may_be_early {
                    bits.insert(self.table.item(*deed, true));
                }
            }
            own.push((bits, doing.iter().flat_map(|doing| self.runs(code, doing)).collect()));
        }
        self.codes[code].by_instr = doings;
        own
    }

    fn is_released_openly(&self, decl: u32) -> bool {
        self.hints.names.get(decl as usize).into_iter().flatten().any(|name| self.table.is_released_openly(*name))
    }

    fn runs(&self, code: usize, doing: &Doing) -> Vec<CodeId> {
        let program = self.program;
        let task = |task: &u32| program.tasks.get(*task as usize).map(|task| task.body);
        let mut runs = Vec::new();
        for run in &doing.runs {
            match run {
                Run::Code(code) => runs.push(*code),
                Run::AnyTask => runs.extend(self.hints.values.iter().filter_map(task)),
                Run::AnyTemplate => runs.extend(program.templates.iter().map(|template| template.body)),
                Run::Handed => {
                    let code = Some(CodeId(code as u32));
                    for (pool, spec) in (0..).zip(&program.objects).filter(|(_, spec)| spec.kind == ObjectKind::Pool) {
                        let given = if spec.body == code { &self.hints.handed } else { &self.hints.called_back };
                        if spec.body == code || spec.callbacks == code {
                            let given = given.iter().filter(|(to, _)| *to == pool).flat_map(|(_, tasks)| tasks);
                            runs.extend(given.filter_map(task));
                        }
                    }
                }
            }
        }
        // The action of a barrier that came as a value, the body of a `once`.
        let waits = |deed: &Deed| deed.decl.is_none() && matches!(deed.op, OpCode::BarrierWait | OpCode::OnceRun);
        if doing.deeds.iter().any(waits) {
            let given = self.table.given_away.iter().filter_map(|decl| program.objects.get(*decl as usize));
            runs.extend(given.filter(|spec| spec.kind != ObjectKind::Pool).filter_map(|spec| spec.body));
        }
        runs
    }

    /// What is reachable from each instruction of a code.
    fn ahead(&self, code: usize, own: Vec<(Bits, Vec<CodeId>)>, whole: &[Bits]) -> Vec<Bits> {
        let Some(body) = self.program.codes.get(code) else { return Vec::new() };
        let mut ahead: Vec<Bits> = Vec::with_capacity(own.len());
        let mut releases: Vec<Option<Bits>> = Vec::with_capacity(own.len());
        for (at, (mut bits, runs)) in own.into_iter().enumerate() {
            for run in runs {
                if let Some(run) = whole.get(run.0 as usize) {
                    bits.add(run);
                }
            }
            ahead.push(bits);
            let doing = self.codes.get(code).and_then(|code| code.by_instr.get(at)?.as_ref());
            releases.push(doing.and_then(|doing| doing.acquires).map(|decl| self.releases(decl)));
        }
        loop {
            let mut more = false;
            for at in (0..ahead.len()).rev() {
                let Some(instr) = body.instrs.get(at) else { continue };
                let mut bits = Bits::default();
                for next in followers(*instr, at) {
                    if let Some(next) = ahead.get(next) {
                        bits.add(next);
                    }
                }
                // Who has come past an acquire may release what it took; who stands before it would have to wait.
                releases[at].iter().for_each(|releases| bits.take_away(releases));
                let handler = body.handlers.iter().find(|handler| covers(handler.start, handler.end, at));
                if let Some(handler) = handler.and_then(|handler| ahead.get(usize::from(handler.target))) {
                    bits.add(handler);
                }
                more |= ahead[at].add(&bits);
            }
            if !more {
                return ahead;
            }
        }
    }

    /// The releases of what was acquired under one name, under all its names.
    fn releases(&self, decl: u32) -> Bits {
        let is_one = |name: &u32| self.program.objects.get(*name as usize).is_some_and(|spec| !spec.is_array);
        let names = self.hints.names.get(decl as usize).filter(|names| names.iter().all(is_one));
        let names = names.cloned().unwrap_or_else(|| BTreeSet::from([decl]));
        let mut bits = Bits::default();
        for (item, bit) in &self.table.items {
            if item.1 && item.0.decl.is_some_and(|decl| names.contains(&decl)) {
                bits.insert(*bit);
            }
        }
        bits
    }
}
