//! Makes the plan: evaluates, counts, gives out the ids of objects, chooses transports.
//!
//! Answers for: every object at file level, and for refusing values that no object can have. Planning is a function of
//! the text and the settings: doing it again gives the same plan.

use std::sync::Arc;

use super::evaluate::Evaluator;
use super::reach::Reach;
use super::settings::settings;
use super::transport::{RENDEZVOUS, transports};
use super::usage::usage;
use super::validate::{Limits, check_setup, indices};
use super::{Plan, PlannedObject, Reason, Transport};
use crate::analysis::{Checked, Owner};
use crate::diagnostic::{Code, Diagnostic};
use crate::program::{ObjectSpec, Program};
use crate::source::Span;
use crate::value::{ObjectKind, ObjectRef, Shared, Value};

/// Plans a program. `sets` are constants with other values, each a literal; `cores` is what `cpu_count()` gives.
pub fn build(
    program: Arc<Program>,
    checked: &Arc<Checked>,
    sets: &[(String, String)],
    cores: u32,
) -> Result<Plan, Vec<Diagnostic>> {
    let usage = usage(checked);
    let transports = transports(checked, &usage);
    let mut maker = Maker {
        checked,
        transports: &transports,
        evaluator: Evaluator::new(Arc::clone(&program), cores),
        limits: Limits::default(),
        objects: Vec::new(),
        wrong: Vec::new(),
    };
    maker.consts(&program, &settings(checked, sets)?);
    maker.stop()?;
    maker.replicas(&program);
    let ids = maker.count(&program);
    maker.stop()?;
    maker.name(&program, &ids);
    maker.set_up(&program, &ids);
    let outcomes = maker.outcomes(&program);
    maker.stop()?;
    let Maker { evaluator, mut objects, .. } = maker;
    let mut transports = transports;
    for object in objects.iter_mut().filter(|object| object.transport == Transport::Channel) {
        if object.setup.first() == Some(&Value::Int(0)) {
            object.transport = RENDEZVOUS.0;
            transports.get_mut(object.decl as usize).into_iter().for_each(|slot| *slot = RENDEZVOUS);
        }
    }
    let image = evaluator.into_image();
    let (uses, reach, sets) = (usage.uses, Reach::new(program, usage.hints), sets.to_vec());
    Ok(Plan { image, objects, transports, uses, reach, outcomes, sets, checked: Arc::clone(checked) })
}

struct Maker<'a> {
    checked: &'a Checked,
    transports: &'a [(Transport, Reason)],
    evaluator: Evaluator,
    limits: Limits,
    objects: Vec<PlannedObject>,
    wrong: Vec<Diagnostic>,
}

/// The objects of one declaration: the first id, how many, whether as an array.
#[derive(Clone, Copy)]
struct Ids {
    first: u32,
    count: u32,
    is_array: bool,
}

impl Maker<'_> {
    fn stop(&mut self) -> Result<(), Vec<Diagnostic>> {
        let mut wrong = std::mem::take(&mut self.wrong);
        wrong.sort_by_key(|diagnostic| diagnostic.span);
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// What is right goes on, what is wrong is kept.
    fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|diagnostic| self.wrong.push(diagnostic)).ok()
    }

    /// Constants, each after those it uses; one that fails is `none` for the others, which say nothing more of it.
    fn consts(&mut self, program: &Program, given: &[Option<Value>]) {
        for (at, spec) in program.consts.iter().enumerate() {
            let value = match given.get(at).cloned().flatten() {
                Some(value) => value,
                None if self.wrong.is_empty() => {
                    let result = self.evaluator.value(spec.code, spec.span);
                    self.keep(result).unwrap_or_default()
                }
                None => Value::None,
            };
            self.evaluator.change(|image| image.consts.push(value));
        }
    }

    /// The values that `expect outcomes` names.
    fn outcomes(&mut self, program: &Program) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        for (code, span) in program.outcomes.as_ref()? {
            let result = self.evaluator.value(*code, *span);
            values.extend(self.keep(result));
        }
        Some(values)
    }

    fn replicas(&mut self, program: &Program) {
        for (at, template) in program.templates.iter().enumerate() {
            let Some(code) = template.replicas else { continue };
            let span = self.checked.templates.get(at).and_then(|info| info.decl.replicas.as_ref());
            let span = span.map_or(template.span, |(_, expr)| expr.span);
            let result = self.evaluator.value(code, span).and_then(|value| indices(&value, span, &mut self.limits));
            if let Some(list) = self.keep(result) {
                self.evaluator.change(|image| {
                    image.replicas.get_mut(at).into_iter().for_each(|slot| {
                        *slot = Some(list.clone());
                    })
                });
            }
        }
    }

    /// How many objects each declaration makes, and their ids. Conditions come last, after the locks they may be over.
    fn count(&mut self, program: &Program) -> Vec<Option<Ids>> {
        let mut ids = vec![None; program.objects.len()];
        let mut next = 0;
        let last = |spec: &ObjectSpec| spec.kind == ObjectKind::Condition;
        for round in [false, true] {
            for (decl, spec) in program.objects.iter().enumerate() {
                if spec.owner != Owner::File || last(spec) != round {
                    continue;
                }
                let span = self.span_of(decl, |info| info.decl.array.as_ref().map(|array| array.span));
                let count = match spec.count {
                    Some(code) => {
                        let value = self.evaluator.value(code, span);
                        let limits = &mut self.limits;
                        let result = value.and_then(|value| limits.length(&value, span));
                        self.keep(result).unwrap_or(0)
                    }
                    None => {
                        let result = self.limits.add(1, span);
                        self.keep(result).map_or(0, |()| 1)
                    }
                };
                let one = Ids { first: next, count, is_array: spec.is_array };
                ids.get_mut(decl).into_iter().for_each(|slot| *slot = Some(one));
                next += count;
            }
        }
        ids
    }

    fn span_of(&self, decl: usize, part: impl Fn(&crate::analysis::ObjectInfo) -> Option<Span>) -> Span {
        let info = self.checked.objects.get(decl);
        info.and_then(&part).or_else(|| info.map(|info| info.name.span)).unwrap_or_default()
    }

    /// The handles by which bodies know the objects.
    fn name(&mut self, program: &Program, ids: &[Option<Ids>]) {
        for (decl, (spec, ids)) in program.objects.iter().zip(ids).enumerate() {
            let Some(Ids { first, count, is_array }) = *ids else { continue };
            let handle = |id| Value::Object(ObjectRef { id, kind: spec.kind, role: 0 });
            let global = if is_array {
                Value::List(Shared::new((first..first + count).map(handle).collect()))
            } else {
                handle(first)
            };
            self.evaluator.change(|image| {
                image.globals.get_mut(decl).into_iter().for_each(|slot| {
                    *slot = global.clone();
                })
            });
        }
    }

    /// The objects with their arguments, by id.
    fn set_up(&mut self, program: &Program, ids: &[Option<Ids>]) {
        for (decl, (spec, own)) in program.objects.iter().zip(ids).enumerate() {
            let Some(own) = *own else { continue };
            let setup = match spec.setup {
                Some(code) => {
                    let result = self.evaluator.value(code, spec.span);
                    self.keep(result)
                }
                None => Some(Value::default()),
            };
            let Some(setup) = setup else { continue };
            let setup = if let Value::List(items) = setup { items.to_vec() } else { Vec::new() };
            let checked = check_setup(self.checked, decl, spec.kind, &setup);
            self.wrong.extend(checked);
            let peer = spec.peer.and_then(|peer| ids.get(peer as usize).copied().flatten());
            if peer.is_some_and(|peer| peer.count != own.count) {
                self.wrong.push(Diagnostic::new(Code::PipeLengths, spec.span));
                continue;
            }
            self.objects_of(decl, spec, own, peer, &setup);
        }
        self.objects.sort_by_key(|object| id_of(ids, object));
    }

    fn objects_of(&mut self, decl: usize, spec: &ObjectSpec, own: Ids, peer: Option<Ids>, setup: &[Value]) {
        let arguments = ObjectSpec::arguments(spec.kind).len();
        let starts = match setup.get(arguments) {
            Some(Value::List(starts)) if own.is_array => Some(Shared::clone(starts)),
            _ => None,
        };
        if let Some(starts) = starts.as_ref().filter(|starts| starts.len() != own.count as usize) {
            let span = self.span_of(decl, |info| info.decl.init.as_ref().map(|init| init.span));
            let code = Code::StartValues { wanted: own.count as usize, given: starts.len() };
            self.wrong.push(Diagnostic::new(code, span));
            return;
        }
        let transport = self.transports.get(decl).map_or(Transport::Arena, |(transport, _)| *transport);
        for index in 0..own.count {
            let mut setup = setup.to_vec();
            if let Some(start) = starts.as_ref().and_then(|starts| starts.get(index as usize))
                && let Some(slot) = setup.get_mut(arguments)
            {
                *slot = start.clone();
            }
            let name = if own.is_array { format!("{}[{index}]", spec.name).into() } else { Arc::clone(&spec.name) };
            self.objects.push(PlannedObject {
                decl: decl as u32,
                index: own.is_array.then_some(index),
                name,
                kind: spec.kind,
                setup,
                peer: peer.map(|peer| peer.first + index),
                transport,
            });
        }
    }
}

fn id_of(ids: &[Option<Ids>], object: &PlannedObject) -> u32 {
    let first = ids.get(object.decl as usize).copied().flatten().map_or(0, |ids| ids.first);
    first + object.index.unwrap_or(0)
}
