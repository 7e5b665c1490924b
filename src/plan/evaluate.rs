//! Evaluates what must be known before anything starts: constants, counts, start values.
//!
//! Answers for: running a code that takes nothing to its value, within a bound. Never performs an operation: a code
//! that wants one is not constant.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::program::{CodeId, Image, Program};
use crate::source::Span;
use crate::value::Value;
use crate::vm::{Stop, Vm};

/// The most instructions that one constant may take.
const INSTRUCTIONS_MAX: u64 = 20_000_000;

/// An image in the making.
pub(super) struct Evaluator {
    image: Arc<Image>,
}

impl Evaluator {
    pub(super) fn new(program: Arc<Program>, cores: u32) -> Evaluator {
        let globals = vec![Value::None; program.objects.len()];
        let replicas = vec![None; program.templates.len()];
        Evaluator { image: Arc::new(Image::new(program, globals, replicas, cores)) }
    }

    /// The value of a code; `span` is where its declaration stands.
    pub(super) fn value(&self, code: CodeId, span: Span) -> Result<Value, Diagnostic> {
        let mut vm = Vm::new(Arc::clone(&self.image), code, Vec::new(), Arc::default(), Arc::from("plan"));
        match vm.run(INSTRUCTIONS_MAX) {
            Stop::Returned(value) => Ok(value),
            Stop::Raised(error) => {
                let code = Code::ConstFails { kind: error.kind.name().into(), message: error.message.as_ref().into() };
                Err(Diagnostic::new(code, if error.span == Span::default() { span } else { error.span }))
            }
            Stop::Op(_) => Err(Diagnostic::new(Code::NotConstant, span)),
            Stop::Budget => Err(Diagnostic::new(Code::ConstTooLong, span)),
        }
    }

    /// Changes the image. Nobody else holds it between two evaluations.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Image)) {
        if let Some(image) = Arc::get_mut(&mut self.image) {
            change(image);
        }
    }

    pub(super) fn into_image(self) -> Arc<Image> {
        self.image
    }
}
