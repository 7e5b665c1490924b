//! A world for tests: prints into a list, keeps shared variables in a map, records every other operation.
//!
//! Answers for: what a single actor sees. Never waits.

use std::collections::HashMap;
use std::sync::Arc;

use conc::pipeline;
use conc::program::op::{Op, OpCode, Outcome, Target};
use conc::program::{CodeId, Image, ObjectSpec};
use conc::source::Source;
use conc::value::{self, ActorRef, Error, ErrorKind, ObjectKind, ObjectRef, ResultRef, Shared, Value};
use conc::vm::{Stop, Vm};

/// What came of a run.
pub(crate) struct Run {
    /// Printed lines.
    pub(crate) lines: Vec<String>,
    /// Operations but for prints, as text.
    pub(crate) ops: Vec<String>,
    /// The value or the error.
    pub(crate) end: Result<Value, Shared<Error>>,
    pub(crate) source: Source,
}

struct World {
    image: Arc<Image>,
    cells: HashMap<u32, Value>,
    next: u32,
    run: Run,
    /// What queues and pipe ends give.
    supply: Vec<Value>,
    once: bool,
}

/// The value of a code that takes nothing and does nothing visible.
fn eval_const(image: &Arc<Image>, code: CodeId) -> Result<Value, Shared<Error>> {
    let mut vm = Vm::new(Arc::clone(image), code, Vec::new(), Arc::default(), Arc::from("plan"));
    match vm.run(u64::MAX) {
        Stop::Returned(value) => Ok(value),
        Stop::Raised(error) => Err(error),
        stop => Err(Shared::new(Error::value_error(format!("{stop:?}")))),
    }
}

/// Runs the main process of a scenario.
#[track_caller]
pub(crate) fn run(text: &str) -> Run {
    let (image, source) = image(text);
    let main = image.program.main;
    run_code(image, source, main, Vec::new(), Vec::new())
}

/// The image of a scenario, its objects numbered by declaration.
#[track_caller]
pub(crate) fn image(text: &str) -> (Arc<Image>, Source) {
    let source = Source::new("test.conc", text);
    let (checked, diagnostics) = pipeline::check(&source);
    assert!(!pipeline::has_errors(&diagnostics), "{diagnostics:#?}");
    let (program, diagnostics) = conc::program::lower::lower(&checked);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let program = Arc::new(program);
    let mut image = Arc::new(Image::new(Arc::clone(&program), vec![], vec![], 4));
    for spec in &program.consts {
        let value = eval_const(&image, spec.code).expect("a constant");
        Arc::get_mut(&mut image).expect("nobody else has it").consts.push(value);
    }
    let mut next = 0;
    let mut globals = Vec::new();
    for spec in &program.objects {
        let count = spec.count.map(|code| eval_const(&image, code).expect("a number"));
        globals.push(handles(spec, count.as_ref(), &mut next));
    }
    let replicas = program.templates.iter().map(|template| {
        template.replicas.map(|code| value::items(&eval_const(&image, code).expect("indices")).unwrap().to_vec())
    });
    let replicas = replicas.collect();
    let image_mut = Arc::get_mut(&mut image).expect("nobody else has it");
    image_mut.globals = globals;
    image_mut.replicas = replicas;
    (image, source)
}

fn handles(spec: &ObjectSpec, count: Option<&Value>, next: &mut u32) -> Value {
    let mut one = || {
        *next += 1;
        Value::Object(ObjectRef { id: *next - 1, kind: spec.kind, role: 0 })
    };
    match count {
        Some(Value::Int(count)) => Value::list((0..*count).map(|_| one()).collect()),
        _ => one(),
    }
}

#[track_caller]
pub(crate) fn run_code(image: Arc<Image>, source: Source, code: CodeId, args: Vec<Value>, supply: Vec<Value>) -> Run {
    let run = Run { lines: Vec::new(), ops: Vec::new(), end: Ok(Value::None), source };
    let mut world = World { image, cells: HashMap::new(), next: 1000, run, supply, once: true };
    world.start_values();
    let mut vm = Vm::new(Arc::clone(&world.image), code, args, Arc::default(), Arc::from("main"));
    for _ in 0..10_000 {
        match vm.run(200_000_000) {
            Stop::Op(op) => {
                let outcome = world.perform(*op);
                vm.resume(outcome);
            }
            Stop::Returned(value) => {
                world.run.end = Ok(value);
                return world.run;
            }
            Stop::Raised(error) => {
                world.run.end = Err(error);
                return world.run;
            }
            Stop::Budget => panic!("the budget is used up"),
        }
    }
    panic!("too many operations: {:?}", &world.run.ops[..20]);
}

impl World {
    fn start_values(&mut self) {
        for (spec, handle) in self.image.program.objects.iter().zip(&self.image.globals) {
            if !matches!(spec.kind, ObjectKind::Shared | ObjectKind::Atomic) {
                continue;
            }
            let Some(setup) = spec.setup else { continue };
            let setup = eval_const(&self.image, setup).expect("a start value");
            let Value::List(setup) = setup else { panic!("a setup is a list") };
            let start = setup.last().cloned().unwrap_or_default();
            match handle {
                Value::Object(object) => {
                    self.cells.insert(object.id, start);
                }
                Value::List(all) => {
                    for (at, one) in all.iter().enumerate() {
                        let Value::Object(object) = one else { continue };
                        let own = match &start {
                            Value::List(starts) => starts[at].clone(),
                            other => other.clone(),
                        };
                        self.cells.insert(object.id, own);
                    }
                }
                _ => {}
            }
        }
    }

    fn perform(&mut self, op: Op) -> Outcome {
        if op.code == OpCode::Print {
            let Value::Str(text) = op.args.get(0) else { panic!("print takes a text") };
            self.run.lines.push(text.text.clone());
            return Outcome::Value(Value::None);
        }
        let args: Vec<String> = op.args.as_slice().iter().map(value::literal).collect();
        let target = match op.target {
            Target::None => String::new(),
            Target::Object(object) => format!("#{} ", object.id),
            Target::Actor(actor) => format!("actor {} ", actor.0),
            Target::Result(result) => format!("result {} ", result.0),
        };
        let cases = if op.cases.is_empty() { String::new() } else { format!(" of {}", op.cases.len()) };
        self.run.ops.push(format!("{target}{:?} {}{cases}", op.code, args.join(", ")).trim_end().to_owned());
        match self.answer(&op) {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Raise(error),
        }
    }

    fn cell(&mut self, op: &Op) -> &mut Value {
        let Target::Object(object) = op.target else { panic!("a variable is an object") };
        self.cells.entry(object.id).or_default()
    }

    fn answer(&mut self, op: &Op) -> value::Result<Outcome> {
        let path = match op.args.get(0) {
            Value::List(path) => path.to_vec(),
            _ => Vec::new(),
        };
        let value = match op.code {
            OpCode::CellRead => value::get_path(self.cell(op), &path)?,
            OpCode::CellWrite => {
                let item = op.args.get(1).clone();
                value::set_path(self.cell(op), &path, item)?;
                Value::None
            }
            OpCode::CellMethod => {
                let (Value::Str(name), Value::List(args)) = (op.args.get(1).clone(), op.args.get(2).clone()) else {
                    panic!("a method has a name and arguments")
                };
                let whole = self.cell(op);
                if value::methods::leads_to_handle(whole, &path) {
                    return Ok(Outcome::Handle(value::get_path(whole, &path)?));
                }
                let call = value::methods::Call { name: &name.text, values: &args, names: &[] };
                value::methods::call(value::path_mut(self.cell(op), &path)?, call)?
            }
            OpCode::AtomicAdd => {
                let sum = value::add(self.cell(op), op.args.get(0))?;
                *self.cell(op) = sum.clone();
                sum
            }
            OpCode::Start => {
                self.next += 1;
                Value::Actor(ActorRef(self.next))
            }
            OpCode::PoolSubmit | OpCode::PoolSubmitMap | OpCode::PoolImap => {
                self.next += 1;
                Value::Result(ResultRef(self.next))
            }
            OpCode::Create => {
                self.next += 1;
                let Value::Int(decl) = op.args.get(0) else { panic!("a declaration") };
                let spec = &self.image.program.objects[*decl as usize];
                let handle = handles(spec, Some(op.args.get(1)), &mut self.next);
                match spec.peer {
                    None => {
                        if let Value::Object(object) = &handle {
                            self.cells.insert(object.id, op.args.get(3).clone());
                        }
                        handle
                    }
                    Some(peer) => {
                        let peer = &self.image.program.objects[peer as usize];
                        let other = handles(peer, Some(op.args.get(1)), &mut self.next);
                        Value::list(vec![handle, other])
                    }
                }
            }
            OpCode::QueuePut | OpCode::PipeSend => {
                self.supply.push(op.args.get(0).clone());
                Value::None
            }
            OpCode::QueueGet | OpCode::PipeRecv => {
                if self.supply.is_empty() {
                    return Err(Error::new(ErrorKind::Empty, "nothing there"));
                }
                self.supply.remove(0)
            }
            OpCode::QueueNext | OpCode::PipeNext => match self.supply.is_empty() {
                true => Value::list(vec![Value::Bool(false), Value::None]),
                false => Value::list(vec![Value::Bool(true), self.supply.remove(0)]),
            },
            OpCode::ResultNext if self.supply.is_empty() => {
                return Err(Error::new(ErrorKind::Other(Arc::from("StopIteration")), ""));
            }
            OpCode::PoolTake if self.supply.is_empty() => Value::None,
            OpCode::ResultNext | OpCode::PoolTake => self.supply.remove(0),
            OpCode::ResultGet => Value::Int(42),
            OpCode::LockAcquire | OpCode::SemaphoreAcquire | OpCode::RwAcquire | OpCode::Join | OpCode::TimerWait => {
                Value::Bool(true)
            }
            OpCode::Select => {
                // The last case can go on; without any, or with none supplied, `else` or `after`.
                let index = if self.supply.is_empty() { -1 } else { op.cases.len() as i64 - 1 };
                let given = if self.supply.is_empty() { Value::None } else { self.supply.remove(0) };
                Value::list(vec![Value::Int(index), given])
            }
            OpCode::OnceRun => {
                let Target::Object(object) = op.target else { panic!("a once is an object") };
                let spec = &self.image.program.objects[object.id as usize];
                if std::mem::take(&mut self.once) {
                    let code = spec.body.expect("a body").0;
                    return Ok(Outcome::Call { code, then: OpCode::OnceRan });
                }
                Value::None
            }
            OpCode::OnceRan => match op.args.get(0) {
                Value::Error(error) => return Err(error.as_ref().clone()),
                _ => Value::None,
            },
            OpCode::Pid => Value::Pid(4711),
            OpCode::Now => Value::Elapsed(1_500_000_000),
            OpCode::Deadline => op.args.get(0).clone(),
            OpCode::DeadlineLeft => Value::Duration(0),
            OpCode::ConditionWait => Value::Bool(false),
            _ => Value::None,
        };
        Ok(Outcome::Value(value))
    }
}

impl Run {
    /// `KIND at LINE: message` of the error it ended with.
    pub(crate) fn error(&self) -> String {
        match &self.end {
            Ok(value) => format!("no error but {}", value::literal(value)),
            Err(error) => {
                let line = self.source.place(error.span.start).line;
                format!("{} at {line}: {}", error.kind, error.message)
            }
        }
    }
}

/// The value that an expression prints.
#[track_caller]
pub(crate) fn check(expr: &str, printed: &str) {
    let run = run(&format!("main {{ print {expr} }}"));
    assert!(run.end.is_ok(), "{expr}: {}", run.error());
    assert_eq!(run.lines, [printed], "{expr}");
}

/// The error that an expression raises, without its line.
#[track_caller]
pub(crate) fn check_error(expr: &str, error: &str) {
    let run = run(&format!("main {{ print {expr} }}"));
    assert_eq!(run.error().replacen(" at 1", "", 1), error, "{expr}");
}

/// The lines that a body prints.
#[track_caller]
pub(crate) fn check_lines(body: &str, lines: &[&str]) {
    let run = run(&format!("main {{\n{body}\n}}"));
    assert_eq!(run.lines, lines, "{body}\nended with {}", run.error());
    assert!(run.end.is_ok(), "{body}: {}", run.error());
}
