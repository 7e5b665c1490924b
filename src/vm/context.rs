//! What instructions need beside their registers.
//!
//! Answers for: the image, the handles of the process, names for printing, and how deep values may nest.

use std::fmt;
use std::sync::Arc;

use super::exec::Exit;
use crate::program::Image;
use crate::program::op::{Args, Op, OpCode, Site, Target};
use crate::value::{ActorRef, DEPTH_MAX, Names, ObjectRef, Shared, Text, Value, depth};

/// Above this, values may be too deep to be put into others: it has to be found out.
const NESTING_MAX: usize = DEPTH_MAX - 4;

/// Names that can be handed to a VM.
pub type SharedNames = Arc<dyn Names + Send + Sync>;

#[derive(Clone)]
pub(super) struct Context {
    pub(super) image: Arc<Image>,
    pub(super) privates: Arc<Vec<Value>>,
    pub(super) names: Option<SharedNames>,
    /// No value of this VM nests deeper.
    pub(super) nesting: usize,
    /// The code that is running.
    pub(super) code: u32,
    /// The operation at which it stopped.
    pub(super) op: Option<Box<Op>>,
    /// One that was performed, to be filled again.
    spare: Spare<Box<Op>>,
    /// A text that nobody needs any more.
    room: Spare<Shared<Text>>,
    /// Arguments of a call on their way to its frame.
    pub(super) spilled: Vec<Value>,
}

/// Room that is nobody's state: a copy does without.
struct Spare<T>(Option<T>);

impl<T> Clone for Spare<T> {
    fn clone(&self) -> Spare<T> {
        Spare(None)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("privates", &self.privates).finish_non_exhaustive()
    }
}

impl Context {
    pub(super) fn new(image: Arc<Image>, privates: Arc<Vec<Value>>) -> Context {
        let mut context = Context {
            image,
            privates,
            names: None,
            nesting: 0,
            code: 0,
            op: None,
            spare: Spare(None),
            room: Spare(None),
            spilled: Vec::new(),
        };
        let image = Arc::clone(&context.image);
        image.consts.iter().for_each(|value| context.admit(value));
        context
    }

    /// Leaves arguments for the frame that is about to be made.
    pub(super) fn spill(&mut self, args: Vec<Value>) {
        self.spilled = args;
    }

    pub(super) fn task_code(&self, task: u32) -> u32 {
        self.image.program.tasks.get(task as usize).map_or(u32::MAX, |task| task.body.0)
    }

    /// Leaves an operation for the world.
    #[inline]
    pub(super) fn stop_at(&mut self, mut op: Box<Op>, pc: usize) {
        op.site = Site { code: self.code, pc: pc as u32 };
        self.op = Some(op);
    }

    /// An operation without arguments, which are to be filled in.
    #[inline]
    pub(super) fn begin(&mut self, code: OpCode, target: Target) -> Box<Op> {
        match self.spare.0.take() {
            Some(mut op) => {
                (op.code, op.target) = (code, target);
                op
            }
            None => Box::new(Context::op(code, target, Args::none())),
        }
    }

    /// Keeps the room of an operation that was performed.
    #[inline]
    pub(super) fn keep(&mut self, mut op: Box<Op>) {
        op.args.fill([]);
        op.cases.clear();
        self.spare.0 = Some(op);
    }

    /// The room of a text that nobody needs any more.
    #[inline]
    pub(super) fn take_room(&mut self) -> Option<Shared<Text>> {
        self.room.0.take()
    }

    /// Keeps the room of a value that was overwritten, if that was a text of ordinary length that nobody else has.
    #[inline]
    pub(super) fn keep_room(&mut self, old: Value) {
        const BYTES: usize = 4096;
        if let Value::Str(text) = old
            && text.is_unique()
            && text.text.capacity() <= BYTES
        {
            self.room.0 = Some(text);
        }
    }

    /// A plain operation.
    pub(super) fn op(code: OpCode, target: Target, args: Args) -> Op {
        Op { code, target, args, site: Site::default(), cases: Vec::new() }
    }

    /// Before something that nests values: whether there is room.
    #[inline]
    pub(super) fn room(&self) -> Result<(), Exit> {
        if self.nesting > NESTING_MAX { Err(Exit::Recount) } else { Ok(()) }
    }

    /// Notes that a value is put `levels` deep into another.
    #[inline]
    pub(super) fn nest(&mut self, item: &Value, levels: usize) -> Result<(), Exit> {
        match item {
            Value::List(_) | Value::Map(_) | Value::Set(_) | Value::Range(_) => self.nest_deep(item, levels),
            _ => Ok(()),
        }
    }

    fn nest_deep(&mut self, item: &Value, levels: usize) -> Result<(), Exit> {
        self.room()?;
        let mut nesting = depth::shallow(item).unwrap_or(self.nesting) + levels;
        if nesting > NESTING_MAX {
            nesting = depth::deepest([item]) + levels;
            check_nesting(nesting)?;
        }
        self.nesting = self.nesting.max(nesting);
        Ok(())
    }

    /// Whether a value may go to where it is put `levels` deep into another.
    pub(super) fn fits(&self, value: &Value, levels: usize) -> crate::value::Result<()> {
        let known = depth::shallow(value).unwrap_or(self.nesting) + levels;
        check_nesting(if known > NESTING_MAX { depth::deepest([value]) + levels } else { known })
    }

    /// Notes a value that came from elsewhere.
    #[inline]
    pub(super) fn admit(&mut self, value: &Value) {
        match value {
            Value::List(_) | Value::Map(_) | Value::Set(_) | Value::Range(_) => {
                self.nesting = self.nesting.max(depth::shallow(value).unwrap_or(DEPTH_MAX));
            }
            _ => {}
        }
    }

    /// Finds out how deep the values nest; an error where that is too deep.
    pub(super) fn recount(&mut self, regs: &[Value]) -> crate::value::Result<()> {
        self.nesting = depth::deepest(regs);
        check_nesting(self.nesting)
    }
}

/// Raises above [`NESTING_MAX`], so that an instruction that is run again after a recount does not ask for another.
fn check_nesting(nesting: usize) -> crate::value::Result<()> {
    depth::check(if nesting > NESTING_MAX { DEPTH_MAX + 1 } else { nesting })
}

impl Names for Context {
    fn object(&self, object: ObjectRef) -> String {
        if let Some(names) = &self.names {
            return names.object(object);
        }
        let program = &self.image.program;
        let found = program.objects.iter().zip(&self.image.globals).find_map(|(spec, global)| match global {
            Value::Object(one) if one.id == object.id => Some(spec.name.to_string()),
            Value::List(all) => all.iter().enumerate().find_map(|(at, one)| {
                matches!(one, Value::Object(one) if one.id == object.id).then(|| format!("{}[{at}]", spec.name))
            }),
            _ => None,
        });
        let side = ["", ".read", ".write"].get(usize::from(object.role)).copied().unwrap_or("");
        found.map_or_else(|| format!("<{} {}>", object.kind.name(), object.id), |name| name + side)
    }

    fn actor(&self, actor: ActorRef) -> String {
        self.names.as_ref().map_or_else(|| format!("<actor {}>", actor.0), |names| names.actor(actor))
    }

    fn task(&self, task: u32) -> String {
        let found = self.image.program.tasks.get(task as usize);
        found.map_or_else(|| format!("<task {task}>"), |task| task.name.to_string())
    }
}
