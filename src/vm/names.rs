//! What handles print as.
//!
//! Answers for: names that the program gives. Never knows which instance an actor is.

use crate::program::Image;
use crate::value::{ActorRef, Names, ObjectRef, ResultRef, Value};

/// Names out of an image.
pub(super) struct ImageNames<'i>(pub(super) &'i Image);

impl Names for ImageNames<'_> {
    fn object(&self, object: ObjectRef) -> String {
        for (decl, handle) in self.0.globals.iter().enumerate() {
            let name = || self.0.program.objects.get(decl).map(|spec| spec.name.to_string()).unwrap_or_default();
            match handle {
                Value::Object(there) if there.id == object.id => return name(),
                Value::List(all) => {
                    let is_it = |value: &Value| matches!(value, Value::Object(there) if there.id == object.id);
                    if let Some(index) = all.iter().position(is_it) {
                        return format!("{}[{index}]", name());
                    }
                }
                _ => {}
            }
        }
        format!("<{}>", object.kind.name())
    }

    fn actor(&self, _actor: ActorRef) -> String {
        "<handle>".to_owned()
    }

    fn result(&self, _result: ResultRef) -> String {
        "<result>".to_owned()
    }

    fn task(&self, task: u32) -> String {
        self.0.program.tasks.get(task as usize).map(|task| task.name.to_string()).unwrap_or_default()
    }
}
