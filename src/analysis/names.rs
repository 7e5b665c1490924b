//! What a name refers to, seen from the body at hand.
//!
//! Answers for: the order in which names are looked up, and what is said of one that is not found. Never declares.

use std::sync::Arc;

use super::resolver::{Known, Resolver, Used};
use super::{Binding, Builtin, DeclId, LocalId, Owner, TemplateId};
use crate::diagnostic::{Code, nearest};
use crate::source::Span;
use crate::syntax::ast::Ident;
use crate::value::ObjectKind;

/// A free function: its name, its parameters (any of which may be named), how many are required.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) builtin: Builtin,
    pub(super) params: &'static [&'static str],
    pub(super) required: usize,
    /// Takes any number of further arguments.
    pub(super) variadic: bool,
}

const fn function(
    name: &'static str,
    builtin: Builtin,
    params: &'static [&'static str],
    required: usize,
    variadic: bool,
) -> Function {
    Function { name, builtin, params, required, variadic }
}

/// The free functions of the language.
pub(super) const BUILTINS: [Function; 26] = [
    function("len", Builtin::Len, &["x"], 1, false),
    function("str", Builtin::Str, &["x"], 0, false),
    function("int", Builtin::Int, &["x"], 1, false),
    function("float", Builtin::Float, &["x"], 1, false),
    function("bool", Builtin::Bool, &["x"], 1, false),
    function("list", Builtin::List, &["x"], 0, false),
    function("set", Builtin::Set, &["x"], 0, false),
    function("min", Builtin::Min, &["x"], 1, true),
    function("max", Builtin::Max, &["x"], 1, true),
    function("sum", Builtin::Sum, &["xs", "start"], 1, false),
    function("abs", Builtin::Abs, &["x"], 1, false),
    function("sorted", Builtin::Sorted, &["xs", "reverse"], 1, false),
    function("reversed", Builtin::Reversed, &["xs"], 1, false),
    function("enumerate", Builtin::Enumerate, &["xs", "start"], 1, false),
    function("zip", Builtin::Zip, &[], 0, true),
    function("range", Builtin::Range, &["x", "high", "step"], 1, false),
    function("type", Builtin::Type, &["x"], 1, false),
    function("cpu_count", Builtin::CpuCount, &[], 0, false),
    function("now", Builtin::Now, &[], 0, false),
    function("random", Builtin::Random, &["x"], 1, false),
    function("shuffle", Builtin::Shuffle, &["xs"], 1, false),
    function("choose", Builtin::Choose, &["xs"], 1, false),
    function("pid", Builtin::Pid, &[], 0, false),
    function("ppid", Builtin::Ppid, &[], 0, false),
    function("tid", Builtin::Tid, &[], 0, false),
    function("name", Builtin::Name, &[], 0, false),
];

/// Whether calling it is a visible operation.
pub(super) fn is_visible(builtin: Builtin) -> bool {
    matches!(
        builtin,
        Builtin::Now
            | Builtin::Random
            | Builtin::Shuffle
            | Builtin::Choose
            | Builtin::Pid
            | Builtin::Ppid
            | Builtin::Tid
            | Builtin::Name
    )
}

impl Resolver {
    /// What a name refers to; [`Binding::Unbound`] if nothing. Does not count as a use.
    pub(super) fn look_up(&self, name: &str) -> Binding {
        if let Some(local) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            return Binding::Local(*local);
        }
        let declared = self.body.visible.iter().find_map(|owner| self.names.get(owner)?.get(name));
        if let Some((binding, _)) = declared {
            return *binding;
        }
        let function = BUILTINS.iter().find(|function| function.name == name);
        function.map_or(Binding::Unbound, |function| Binding::Builtin(function.builtin))
    }

    /// Binds an occurrence of a name that is read, and counts it as a use; unknown ones are reported.
    pub(super) fn read_name(&mut self, name: &Ident) -> Binding {
        let binding = self.look_up(&name.text);
        self.bind(name, binding);
        self.count_use(binding, &name.text);
        if binding == Binding::Unbound {
            self.report_unknown(name);
        }
        binding
    }

    /// Counts a use of what a name refers to.
    pub(super) fn count_use(&mut self, binding: Binding, name: &Arc<str>) {
        let used = match binding {
            Binding::Local(id) => {
                if let Some(local) = self.locals.get_mut(id.0 as usize) {
                    local.read = true;
                }
                return;
            }
            Binding::Const(id) => {
                if let Some(uses) = self.const_uses.last_mut() {
                    uses.push(id.0);
                }
                Used::Const(id.0)
            }
            Binding::Object(id) => {
                let of_main = self.object_owner(id) == Some(Owner::Main);
                if let Some(thread) = self.body.file_thread.filter(|_| of_main) {
                    self.of_main.entry(thread).or_insert_with(|| name.clone());
                }
                Used::Object(id.0)
            }
            Binding::Task(id) => Used::Task(id.0),
            Binding::Template(id) => Used::Template(id.0),
            Binding::Builtin(_) | Binding::Unbound => return,
        };
        self.used.insert(used);
    }

    pub(super) fn object_owner(&self, id: DeclId) -> Option<Owner> {
        self.checked.objects.get(id.0 as usize).map(|object| object.owner)
    }

    pub(super) fn object_kind(&self, id: DeclId) -> Option<ObjectKind> {
        self.checked.objects.get(id.0 as usize).map(|object| object.kind)
    }

    /// What is known of the value of a name.
    pub(super) fn known(&self, binding: Binding) -> Known {
        match binding {
            Binding::Local(LocalId(id)) => self.locals.get(id as usize).map_or(Known::Any, |local| local.known),
            Binding::Object(id) => {
                let Some(object) = self.checked.objects.get(id.0 as usize) else { return Known::Any };
                if object.decl.array.is_some() { Known::Array(id) } else { Known::Object(id) }
            }
            Binding::Task(id) => Known::Task(id),
            _ => Known::Any,
        }
    }

    /// Says what is wrong with a name that refers to nothing here.
    pub(super) fn report_unknown(&mut self, name: &Ident) {
        // Once a body is enough, and where something could not be read it may not be the writer's mistake.
        if self.broken || !self.body.unknown.insert(name.text.clone()) {
            return;
        }
        let text = name.text.clone();
        let code = if self.body.outer.contains(&text) {
            Code::OuterVariable { name: text }
        } else if let Some(owner) = self.elsewhere(&text) {
            Code::DeclaredElsewhere { name: text, owner }
        } else {
            let near = self.near(&text);
            Code::UnknownName { name: text, near }
        };
        self.report(code, name.span);
    }

    /// The nearest of all names that are seen from here.
    fn near(&self, name: &str) -> Option<Arc<str>> {
        const LITERALS: [&str; 3] = ["true", "false", "none"];
        let locals = self.scopes.iter().rev().flat_map(|scope| scope.keys().map(|name| &**name));
        let declared = self.body.visible.iter().filter_map(|owner| self.names.get(owner));
        let declared = declared.flat_map(|names| names.keys().map(|name| &**name));
        let builtins = BUILTINS.iter().map(|function| function.name);
        let mut seen: Vec<&str> = locals.chain(declared).collect();
        seen.sort_unstable();
        nearest(name, seen.into_iter().chain(LITERALS).chain(builtins))
    }

    /// Who declares a name, if it is not seen from here.
    fn elsewhere(&self, name: &str) -> Option<Arc<str>> {
        let mut owners: Vec<Owner> =
            self.names.iter().filter(|(_, names)| names.contains_key(name)).map(|(owner, _)| *owner).collect();
        owners.sort_by_key(|owner| match owner {
            Owner::File => (0, 0),
            Owner::Main => (1, 0),
            Owner::Template(id) => (2, id.0),
            Owner::Pool(id) => (3, id.0),
        });
        owners.first().map(|owner| self.owner_name(*owner))
    }

    /// An owner as the writer calls it.
    pub(super) fn owner_name(&self, owner: Owner) -> Arc<str> {
        match owner {
            Owner::File => "the file".into(),
            Owner::Main => "main".into(),
            Owner::Template(TemplateId(id)) => {
                self.checked.templates.get(id as usize).map_or_else(|| "".into(), |info| info.decl.name.text.clone())
            }
            Owner::Pool(DeclId(id)) => {
                self.checked.objects.get(id as usize).map_or_else(|| "".into(), |info| info.name.text.clone())
            }
        }
    }

    /// A name that is not a value: a template, or a free function that is not called.
    pub(super) fn check_value(&mut self, name: &Ident, binding: Binding) {
        let what = match binding {
            Binding::Template(id) => self.template_word(id),
            Binding::Builtin(_) => "function",
            _ => return,
        };
        self.report(Code::NotAValue { name: name.text.clone(), what }, name.span);
    }

    pub(super) fn template_word(&self, id: TemplateId) -> &'static str {
        self.checked.templates.get(id.0 as usize).map_or("process", |info| info.decl.keyword.word())
    }

    /// Reports once for a place.
    pub(super) fn report_once(&mut self, code: Code, span: Span) {
        if self.diagnostics.last().is_none_or(|last| last.code != code || last.span != span) {
            self.report(code, span);
        }
    }
}
