//! A plan as nodes and edges with their words: what all notations draw.
//!
//! Answers for: names, descriptions, reasons. Never lays anything out.

use crate::analysis::Owner;
use crate::plan::{Plan, Reason, Transport, Use, User};
use crate::program::{ActorKind, ObjectSpec, Template};
use crate::value::{ObjectKind, Value};

/// A plan in words.
pub(super) struct Graph {
    pub(super) actors: Vec<Actor>,
    pub(super) objects: Vec<Object>,
    pub(super) edges: Vec<Edge>,
}

/// Who acts: main, a template, the workers of a pool.
pub(super) struct Actor {
    pub(super) user: User,
    pub(super) name: String,
    /// `process`, `thread of team`, `3 instances`, …
    pub(super) what: String,
}

/// A declared object or array of objects.
pub(super) struct Object {
    pub(super) decl: u32,
    pub(super) name: String,
    /// `queue of 10`
    pub(super) what: String,
    pub(super) transport: &'static str,
    pub(super) reason: String,
    /// Of a pipe's end: the other end, if it was not the first to be named.
    pub(super) peer: Option<u32>,
}

/// Somebody's operations on an object.
pub(super) struct Edge {
    pub(super) user: User,
    pub(super) decl: u32,
    pub(super) operations: String,
}

impl Graph {
    pub(super) fn of(plan: &Plan) -> Graph {
        let decls = 0..plan.image.program.objects.len() as u32;
        Graph {
            actors: actors(plan),
            objects: decls.filter_map(|decl| object(plan, decl)).collect(),
            edges: plan.uses.iter().map(edge).collect(),
        }
    }

    /// The name of a user.
    pub(super) fn actor(&self, user: User) -> &str {
        self.actors.iter().find(|actor| actor.user == user).map_or("?", |actor| &actor.name)
    }

    /// The name of an object.
    pub(super) fn object(&self, decl: u32) -> &str {
        self.objects.iter().find(|object| object.decl == decl).map_or("?", |object| &object.name)
    }
}

fn edge(used: &Use) -> Edge {
    let operations: Vec<&str> = used.operations.iter().map(|operation| &**operation).collect();
    Edge { user: used.by, decl: used.decl, operations: operations.join(", ") }
}

fn actors(plan: &Plan) -> Vec<Actor> {
    let program = &plan.image.program;
    let made_up = "process, starts what stands at file level and joins it";
    let main = if program.has_main { "process" } else { made_up };
    let mut actors = vec![Actor { user: User::Main, name: "main".into(), what: main.into() }];
    for (at, template) in (0..).zip(&program.templates) {
        let indices = plan.image.replicas.get(at as usize).and_then(Option::as_ref);
        actors.push(Actor {
            user: User::Template(at),
            name: template.name.to_string(),
            what: template_in_words(plan, template, indices.map(Vec::len)),
        });
    }
    for (at, spec) in (0..).zip(&program.objects).filter(|(_, spec)| spec.kind == ObjectKind::Pool) {
        let setup = plan.objects.iter().find(|object| object.decl == at).map(|object| object.setup.as_slice());
        let count = setup.and_then(|setup| setup.get(usize::from(spec.threads)));
        let each = if spec.threads { "thread" } else { "process" };
        let what = match count {
            Some(Value::Int(1)) => format!("worker, a {each}"),
            Some(Value::Int(count)) => format!("{count} workers, each a {each}"),
            _ => format!("workers, a {each} a core"),
        };
        actors.push(Actor { user: User::Worker(at), name: format!("{}/…", spec.name), what });
    }
    if program.finally.is_some() {
        let what = "in main's process, when every actor has ended".into();
        actors.push(Actor { user: User::Finally, name: "finally".into(), what });
    }
    actors
}

fn template_in_words(plan: &Plan, template: &Template, replicas: Option<usize>) -> String {
    let kind = match template.kind {
        ActorKind::Main | ActorKind::Process => "process",
        ActorKind::Thread => "thread",
        ActorKind::Timer => "timer",
        ActorKind::Worker => "worker",
    };
    let mut words = String::from(if template.daemon { "daemon " } else { "" });
    words.push_str(kind);
    if template.kind != ActorKind::Process {
        words.push_str(&format!(" of {}", owner_name(plan, template.owner)));
    }
    if let Some(replicas) = replicas {
        words.push_str(&format!(", {replicas} instances"));
    }
    words
}

fn owner_name(plan: &Plan, owner: Owner) -> String {
    let program = &plan.image.program;
    let name = match owner {
        Owner::File | Owner::Main => return "main".into(),
        Owner::Template(template) => program.templates.get(template.0 as usize).map(|template| &template.name),
        Owner::Pool(pool) => program.objects.get(pool.0 as usize).map(|pool| &pool.name),
    };
    name.map_or_else(|| "?".into(), |name| name.to_string())
}

fn object(plan: &Plan, decl: u32) -> Option<Object> {
    let spec = plan.image.program.objects.get(decl as usize)?;
    let (transport, reason) = plan.transports.get(decl as usize)?;
    let own = plan.objects.iter().filter(|object| object.decl == decl);
    let mut name = match spec.owner {
        Owner::File => spec.name.to_string(),
        owner => format!("{}.{}", owner_name(plan, owner), spec.name),
    };
    if spec.is_array && spec.owner == Owner::File {
        name.push_str(&format!("[{}]", own.clone().count()));
    }
    Some(Object {
        decl,
        name,
        what: what(plan, spec, own.clone().next().map(|object| object.setup.as_slice())),
        transport: transport_name(*transport),
        reason: because(plan, reason),
        peer: spec.peer.filter(|peer| *peer < decl),
    })
}

fn what(plan: &Plan, spec: &ObjectSpec, setup: Option<&[Value]>) -> String {
    let first = setup.and_then(|setup| setup.first());
    let order = match setup.and_then(|setup| setup.get(1)) {
        Some(Value::Str(order)) if spec.kind == ObjectKind::Queue && order.text != "fifo" => {
            format!("{} ", order.text)
        }
        _ => String::new(),
    };
    match (spec.kind, first) {
        (ObjectKind::PipeEnd, _) => {
            let peer = spec.peer.and_then(|peer| plan.image.program.objects.get(peer as usize));
            let peer = peer.map_or("?", |peer| &peer.name);
            match (spec.sends, spec.receives) {
                (true, true) => format!("duplex pipe to {peer}"),
                (true, false) => format!("pipe to {peer}"),
                _ => format!("pipe from {peer}"),
            }
        }
        (ObjectKind::Queue, Some(Value::Int(0))) => "rendezvous queue".into(),
        (ObjectKind::Queue, Some(Value::Int(capacity))) => format!("{order}queue of {capacity}"),
        (ObjectKind::Queue, _) => format!("{order}queue"),
        (ObjectKind::Semaphore | ObjectKind::BoundedSemaphore | ObjectKind::Barrier, Some(Value::Int(count))) => {
            format!("{} of {count}", spec.kind.name())
        }
        (kind, _) => kind.name().into(),
    }
}

fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Channel => "channel",
        Transport::InProcess => "in process",
        Transport::Arena => "arena",
        Transport::KernelPipe => "kernel pipe",
    }
}

fn because(plan: &Plan, reason: &Reason) -> String {
    match reason {
        Reason::OnlyMain => "only main's process uses it".into(),
        Reason::OnlyProcess(name) => format!("only {name} uses it, of which there is one"),
        Reason::Private => "each process has its own".into(),
        Reason::Processes(one, other) => format!("{one} and {other} use it"),
        Reason::Replicated(name) => format!("every process of {name} uses it, and there may be several"),
        Reason::Escapes(span) => {
            let line = plan.image.program.source.place(span.start).line;
            format!("it is passed on at line {line}, so any process may get it")
        }
        Reason::Select(span) => {
            let line = plan.image.program.source.place(span.start).line;
            format!("one process, and the `select` at line {line} waits in several")
        }
        Reason::Order => "one process, and a channel has no such order".into(),
        Reason::Rendezvous => "one process, and a put waits for its get".into(),
        Reason::Pool => "its workers are processes".into(),
        Reason::PoolOfThreads => "any process may hand tasks to it".into(),
        Reason::Pipe => "it is a pipe".into(),
        Reason::Unused => "nobody uses it".into(),
    }
}
