//! Constant expressions, evaluated when a scenario is planned.
//!
//! Answers for: a value or an error within bounds. Never performs a visible operation.

use std::sync::Arc;

use super::{Stop, Vm};
use crate::program::{CodeId, Image};
use crate::value::{Error, ErrorKind, Value};

/// How many instructions a constant may take.
const BUDGET: u64 = 100_000_000;

/// Evaluates a code that takes nothing. The image holds the constants and objects that are known so far.
pub fn eval_const(image: &Arc<Image>, code: CodeId) -> Result<Value, Arc<Error>> {
    let mut vm = Vm::new(Arc::clone(image), code, Vec::new(), Arc::default(), Arc::from("plan"));
    let error = match vm.run(BUDGET) {
        Stop::Returned(value) => return Ok(value),
        Stop::Raised(error) => return Err(error),
        Stop::Op(_) => Error::value_error("a constant cannot depend on what happens in a run"),
        Stop::Budget => Error::new(ErrorKind::TooLarge, "the constant takes too long to evaluate"),
    };
    let program = &image.program;
    let site = vm.site();
    let span = program.codes.get(site.code as usize).and_then(|code| code.spans.get(site.pc as usize));
    Err(Arc::new(Error { span: span.copied().unwrap_or_default(), actor: Arc::from("plan"), ..error }))
}
