//! Declared objects: their arguments and start values, and how those in bodies are made.
//!
//! Answers for: the order of `ObjectSpec::arguments`. Never makes an object.

use super::Lower;
use super::body::Body;
use crate::analysis::{Binding, DeclId, ObjectInfo, Owner, has_threads};
use crate::program::instr::{Instr, Reg};
use crate::program::op::OpCode;
use crate::program::{CodeId, ObjectSpec};
use crate::syntax::ast::{Expr, ExprKind, Item, ItemKind, ObjectDecl};
use crate::value::{ObjectKind, Value};

/// The expression of each argument, by the names of its kind.
fn arguments(kind: ObjectKind, decl: &ObjectDecl) -> Vec<Option<&Expr>> {
    let names = ObjectSpec::arguments(kind);
    let mut found = vec![None; names.len()];
    for (at, arg) in decl.args.iter().enumerate() {
        let slot = match &arg.name {
            None => Some(at),
            Some(name) => names.iter().position(|known| *known == &*name.text),
        };
        if let Some(slot) = slot.and_then(|slot| found.get_mut(slot)) {
            *slot = Some(&arg.value);
        }
    }
    found
}

impl Body<'_, '_> {
    /// Evaluates the arguments of a declaration into registers in a row.
    fn setup_args(&mut self, kind: ObjectKind, decl: &ObjectDecl) -> (Reg, u16) {
        let base = self.next;
        for (arg, name) in arguments(kind, decl).into_iter().zip(ObjectSpec::arguments(kind)) {
            match arg.map(|arg| (arg, &arg.kind)) {
                None => self.loaded(Value::None),
                // `order: lifo` is a word, not a variable.
                Some((_, ExprKind::Name(word)))
                    if *name == "order" && !matches!(self.checked.binding(word), Binding::Local(_)) =>
                {
                    self.loaded(Value::from(&*word.text))
                }
                Some((arg, _)) => self.expr(arg),
            };
        }
        (base, self.next - base)
    }

    /// A declaration at the top of a body.
    pub(super) fn declaration(&mut self, item: &Item) {
        let ItemKind::Object(decl) = &item.kind else { return };
        let Binding::Object(id) = self.checked.binding(&decl.name) else { return };
        let Some(info) = self.checked.objects.get(id.0 as usize) else { return };
        self.temporaries(|body| {
            let base = body.loaded(Value::Int(i64::from(id.0)));
            match &decl.array {
                Some(count) => body.expr(count),
                None => body.loaded(Value::None),
            };
            let list = body.alloc();
            body.temporaries(|body| {
                let (first, count) = body.setup_args(info.kind, decl);
                body.emit(Instr::List { dst: list, base: first, count });
            });
            match &decl.init {
                Some(init) => body.expr(init),
                None => body.loaded(Value::None),
            };
            let made = body.alloc();
            body.emit(Instr::Op { code: OpCode::Create, dst: made, base, count: 4 });
            body.keep(id, info, made);
        });
    }

    fn keep(&mut self, id: DeclId, info: &ObjectInfo, made: Reg) {
        let slot = self.lower.slot(id);
        let slot = self.count(slot as usize);
        let Some(peer) = info.peer else { return self.emit(Instr::StorePrivate { slot, src: made }) };
        let ends = self.alloc();
        self.alloc();
        self.emit(Instr::Unpack { src: made, base: ends, count: 2 });
        self.emit(Instr::StorePrivate { slot, src: ends });
        let slot = self.lower.slot(peer);
        let slot = self.count(slot as usize);
        self.emit(Instr::StorePrivate { slot, src: ends + 1 });
    }
}

impl Lower<'_> {
    /// What the planner needs to know of an object.
    pub(super) fn object(&mut self, id: DeclId, info: &ObjectInfo) -> ObjectSpec {
        let decl = &info.decl;
        let is_first = info.peer.is_none_or(|peer| peer > id);
        let array = match &decl.other {
            Some(other) if !is_first => other.array.as_ref(),
            _ => decl.array.as_ref(),
        };
        let at_file_level = info.owner == Owner::File;
        let count = array.filter(|_| at_file_level).map(|count| self.expr_code("count", count));
        let one_way = decl.other.as_ref().is_some_and(|other| !other.duplex);
        ObjectSpec {
            name: info.name.text.clone(),
            span: info.name.span,
            kind: info.kind,
            owner: info.owner,
            slot: self.slot(id),
            peer: info.peer.map(|peer| peer.0),
            sends: info.peer.is_some() && !(one_way && is_first),
            receives: info.peer.is_some() && (!one_way || is_first),
            count,
            setup: at_file_level.then(|| self.setup(info)),
            body: self.object_body(id, info),
            threads: info.kind == ObjectKind::Pool && has_threads(decl),
            callbacks: (info.kind == ObjectKind::Pool && self.called.contains(id)).then(|| self.caller(info)),
            is_array: array.is_some(),
        }
    }

    fn setup(&mut self, info: &ObjectInfo) -> CodeId {
        let span = info.name.span;
        let name = format!("setup {}", info.name.text);
        let mut body = Body::new(self, name, span);
        let (base, mut count) = body.setup_args(info.kind, &info.decl);
        if let Some(init) = &info.decl.init {
            body.expr(init);
            count += 1;
        }
        let dst = body.alloc();
        body.emit(Instr::List { dst, base, count });
        body.emit(Instr::Return { src: dst });
        body.finish(span)
    }

    fn object_body(&mut self, id: DeclId, info: &ObjectInfo) -> Option<CodeId> {
        if info.kind == ObjectKind::Pool {
            return Some(self.worker(id, info));
        }
        let block = info.decl.body.as_ref()?;
        let name = format!("{} {}", info.kind.name(), info.name.text);
        let mut body = Body::new(self, name, block.span);
        body.block(block);
        Some(body.finish(block.span))
    }
}
