//! A tree as text, for tests and for looking at it.
//!
//! Answers for: one line a statement or declaration, expressions as S-expressions. Never shows places.

use std::fmt::Write as _;

use super::ast::{
    Arg, BinaryOp, Block, Comprehension, Expect, Expr, ExprKind, File, Item, ItemKind, ObjectDecl, Otherwise, Param,
    Pattern, Stmt, StmtKind, StrPart,
};

/// The tree of a file: declarations and statements a line each, indented by their blocks.
pub fn dump(file: &File) -> String {
    let mut dump = Dump { out: String::new(), indent: 0 };
    for item in &file.items {
        dump.item(item);
    }
    dump.out
}

/// The tree of an expression.
pub fn dump_expr(expr: &Expr) -> String {
    let mut out = String::new();
    write_expr(&mut out, expr);
    out
}

struct Dump {
    out: String,
    indent: usize,
}

impl Dump {
    fn line(&mut self, text: &str) {
        self.out.extend(std::iter::repeat_n("  ", self.indent));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn block(&mut self, head: &str, block: &Block) {
        self.line(head);
        self.indent += 1;
        for stmt in &block.stmts {
            self.stmt(stmt);
        }
        self.indent -= 1;
    }

    fn item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Scenario(title) => self.line(&format!("scenario {title:?}")),
            ItemKind::Const(decl) => self.line(&format!("const {} {}", decl.name.text, dump_expr(&decl.value))),
            ItemKind::Object(decl) => self.object(decl),
            ItemKind::Actor(decl) => {
                let daemon = if decl.daemon { "daemon " } else { "" };
                let mut head = format!("{daemon}{} {}", decl.keyword.word(), decl.name.text);
                if let Some((index, values)) = &decl.replicas {
                    let _ = write!(head, " [{} in {}]", index.text, dump_expr(values));
                }
                if let Some(delay) = &decl.delay {
                    let _ = write!(head, " delay={}", dump_expr(delay));
                }
                head.push_str(&params(&decl.params));
                if let Some(display) = &decl.display {
                    let _ = write!(head, " as {display:?}");
                }
                self.block(&head, &decl.body);
            }
            ItemKind::Task(decl) => {
                self.block(&format!("task {}{}", decl.name.text, params(&decl.params)), &decl.body);
            }
            ItemKind::Main(body) => self.block("main", body),
            ItemKind::Invariant(claim) => {
                self.line(&format!("invariant {} {}", claim.name.text, dump_expr(&claim.expr)));
            }
            ItemKind::Eventually(claim) => {
                self.line(&format!("eventually {} {}", claim.name.text, dump_expr(&claim.expr)));
            }
            ItemKind::Finally(body) => self.block("finally", body),
            ItemKind::Expect(expect) => self.line(&format!("expect {}", expectation(expect))),
        }
    }

    fn object(&mut self, decl: &ObjectDecl) {
        let mut head = format!("{} {}", decl.keyword.word(), decl.name.text);
        if let Some(size) = &decl.array {
            let _ = write!(head, "[{}]", dump_expr(size));
        }
        if let Some(other) = &decl.other {
            let _ = write!(head, " {} {}", if other.duplex { "<->" } else { "<-" }, other.name.text);
            if let Some(size) = &other.array {
                let _ = write!(head, "[{}]", dump_expr(size));
            }
        }
        write_args(&mut head, &decl.args);
        if let Some(init) = &decl.init {
            let _ = write!(head, " = {}", dump_expr(init));
        }
        match &decl.body {
            Some(body) => self.block(&head, body),
            None => self.line(&head),
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Decl(item) => self.item(item),
            StmtKind::Let(target, value) => self.line(&format!("let {} {}", pattern(target), dump_expr(value))),
            StmtKind::Assign(target, op, value) => {
                let op = op.map_or("", sign);
                self.line(&format!("{op}= {} {}", dump_expr(target), dump_expr(value)));
            }
            StmtKind::Print(values) => self.list("print", values),
            StmtKind::If(branches, last) => {
                for (at, (condition, body)) in branches.iter().enumerate() {
                    let word = if at == 0 { "if" } else { "else-if" };
                    self.block(&format!("{word} {}", dump_expr(condition)), body);
                }
                if let Some(last) = last {
                    self.block("else", last);
                }
            }
            StmtKind::While(condition, body) => self.block(&format!("while {}", dump_expr(condition)), body),
            StmtKind::Loop(body) => self.block("loop", body),
            StmtKind::For(target, iter, body) => {
                self.block(&format!("for {} {}", pattern(target), dump_expr(iter)), body);
            }
            StmtKind::Break => self.line("break"),
            StmtKind::Continue => self.line("continue"),
            StmtKind::Return(value) => self.list("return", value.as_slice()),
            StmtKind::With(held, body) => {
                let held: Vec<String> = held.iter().map(dump_expr).collect();
                self.block(&format!("with {}", held.join(" ")), body);
            }
            StmtKind::Sleep(time) => self.line(&format!("sleep {}", dump_expr(time))),
            StmtKind::Yield => self.line("yield"),
            StmtKind::Await(condition) => self.line(&format!("await {}", dump_expr(condition))),
            StmtKind::Assert(claim, message) => {
                let mut head = format!("assert {}", dump_expr(claim));
                if let Some(message) = message {
                    let _ = write!(head, " {}", dump_expr(message));
                }
                self.line(&head);
            }
            StmtKind::Pass => self.line("pass"),
            StmtKind::Raise(raised) => match raised {
                Some((kind, message)) => self.list(&format!("raise {}", kind.text), message.as_slice()),
                None => self.line("raise"),
            },
            StmtKind::Try(..) | StmtKind::Select(..) => self.branches(&stmt.kind),
            StmtKind::Mark(text) => self.line(&format!("mark {}", dump_expr(text))),
            StmtKind::Join(handles) => self.list("join", handles),
            StmtKind::Exit(status) => self.list("exit", status.as_slice()),
            StmtKind::Outcome(value) => self.line(&format!("outcome {}", dump_expr(value))),
            StmtKind::Expr(expr) => self.line(&dump_expr(expr)),
            StmtKind::Broken => self.line("broken"),
        }
    }

    fn branches(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Try(body, catches, last) => {
                self.block("try", body);
                for catch in catches {
                    let mut head = "catch".to_owned();
                    if let Some(kind) = &catch.kind {
                        let _ = write!(head, " {}", kind.text);
                    }
                    if let Some(name) = &catch.name {
                        let _ = write!(head, " as {}", name.text);
                    }
                    self.block(&head, &catch.body);
                }
                if let Some(last) = last {
                    self.block("finally", last);
                }
            }
            StmtKind::Select(cases, otherwise) => {
                self.line("select");
                self.indent += 1;
                for case in cases {
                    let mut head = String::new();
                    if let Some((name, list)) = &case.each {
                        let _ = write!(head, "for {} {} ", name.text, dump_expr(list));
                    }
                    head.push_str("case ");
                    if let Some(name) = &case.name {
                        let _ = write!(head, "{} = ", name.text);
                    }
                    head.push_str(&dump_expr(&case.operation));
                    self.block(&head, &case.body);
                }
                match otherwise {
                    Otherwise::Wait => {}
                    Otherwise::After(time, body) => self.block(&format!("after {}", dump_expr(time)), body),
                    Otherwise::Else(body) => self.block("else", body),
                }
                self.indent -= 1;
            }
            _ => {}
        }
    }

    fn list(&mut self, word: &str, exprs: &[Expr]) {
        let mut head = word.to_owned();
        for expr in exprs {
            let _ = write!(head, " {}", dump_expr(expr));
        }
        self.line(&head);
    }
}

fn params(params: &[Param]) -> String {
    let mut out = String::new();
    for param in params {
        let _ = write!(out, " {}", param.name.text);
        if let Some(default) = &param.default {
            let _ = write!(out, ":{}", dump_expr(default));
        }
    }
    if out.is_empty() { out } else { format!(" ({})", out.trim_start()) }
}

fn expectation(expect: &Expect) -> String {
    match expect {
        Expect::Pass => "pass".to_owned(),
        Expect::Deadlock => "deadlock".to_owned(),
        Expect::Race(name) => format!("race {}", name.text),
        Expect::Assertion => "assertion".to_owned(),
        Expect::Invariant(name) => format!("invariant {}", name.text),
        Expect::Error(kind, Some(actor)) => format!("error {} {}", kind.text, actor.text),
        Expect::Error(kind, None) => format!("error {}", kind.text),
        Expect::Livelock => "livelock".to_owned(),
        Expect::Outcomes(outcomes) => {
            let outcomes: Vec<String> = outcomes.iter().map(dump_expr).collect();
            format!("outcomes {}", outcomes.join(" "))
        }
    }
}

fn pattern(target: &Pattern) -> String {
    match target {
        Pattern::Name(name) => name.text.to_string(),
        Pattern::List(patterns, _) => format!("[{}]", patterns.iter().map(pattern).collect::<Vec<_>>().join(" ")),
    }
}

/// An operator as written.
pub(super) fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::FloorDiv => "//",
        BinaryOp::Rem => "%",
        BinaryOp::Pow => "**",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::In => "in",
        BinaryOp::NotIn => "not-in",
    }
}

fn form<'a>(out: &mut String, head: &str, exprs: impl IntoIterator<Item = &'a Expr>) {
    let _ = write!(out, "({head}");
    for expr in exprs {
        out.push(' ');
        write_expr(out, expr);
    }
    out.push(')');
}

fn write_args(out: &mut String, args: &[Arg]) {
    for arg in args {
        out.push(' ');
        if let Some(name) = &arg.name {
            let _ = write!(out, "{}:", name.text);
        }
        write_expr(out, &arg.value);
    }
}

fn write_comp(out: &mut String, comp: &Comprehension) {
    let _ = write!(out, " for {} ", pattern(&comp.pattern));
    write_expr(out, &comp.iter);
    if let Some(condition) = &comp.condition {
        out.push_str(" if ");
        write_expr(out, condition);
    }
    out.push(')');
}

fn write_expr(out: &mut String, expr: &Expr) {
    match &expr.kind {
        ExprKind::None => out.push_str("none"),
        ExprKind::Bool(value) => {
            let _ = write!(out, "{value}");
        }
        ExprKind::Int(value) => {
            let _ = write!(out, "{value}");
        }
        ExprKind::Float(value) => {
            let _ = write!(out, "{value:?}");
        }
        ExprKind::Duration(value) => {
            let _ = write!(out, "{value}ns");
        }
        ExprKind::Name(name) => out.push_str(&name.text),
        ExprKind::Str(parts) => write_text(out, parts),
        ExprKind::List(items) => form(out, "list", items),
        ExprKind::Set(items) => form(out, "set", items),
        ExprKind::Map(pairs) => form(out, "map", pairs.iter().flat_map(|(key, value)| [key, value])),
        ExprKind::Repeat(item, count) => form(out, "repeat", [&**item, &**count]),
        ExprKind::Range { low, high, inclusive } => form(out, if *inclusive { "..=" } else { ".." }, [&**low, &**high]),
        ExprKind::ListComp(item, comp) => {
            out.push_str("(list ");
            write_expr(out, item);
            write_comp(out, comp);
        }
        ExprKind::SetComp(item, comp) => {
            out.push_str("(set ");
            write_expr(out, item);
            write_comp(out, comp);
        }
        ExprKind::MapComp(key, value, comp) => {
            out.push_str("(map ");
            write_expr(out, key);
            out.push(' ');
            write_expr(out, value);
            write_comp(out, comp);
        }
        ExprKind::Negate(inner) => form(out, "neg", [&**inner]),
        ExprKind::Not(inner) => form(out, "not", [&**inner]),
        ExprKind::Binary(op, left, right) => form(out, sign(*op), [&**left, &**right]),
        ExprKind::And(left, right) => form(out, "and", [&**left, &**right]),
        ExprKind::Or(left, right) => form(out, "or", [&**left, &**right]),
        ExprKind::IfElse { condition, yes, no } => form(out, "if", [&**condition, &**yes, &**no]),
        ExprKind::Index(base, index) => form(out, "index", [&**base, &**index]),
        _ => write_postfix(out, expr),
    }
}

fn write_postfix(out: &mut String, expr: &Expr) {
    match &expr.kind {
        ExprKind::Slice(base, low, high, inclusive) => {
            out.push_str("(slice ");
            write_expr(out, base);
            for (end, sign) in [(low, ""), (high, if *inclusive { "..=" } else { ".." })] {
                let _ = write!(out, " {sign}");
                if let Some(end) = end {
                    write_expr(out, end);
                }
            }
            out.push(')');
        }
        ExprKind::Field(base, name) => form(out, &format!("field {}", name.text), [&**base]),
        ExprKind::Call(callee, args) => {
            out.push_str("(call ");
            write_expr(out, callee);
            write_args(out, args);
            out.push(')');
        }
        ExprKind::Method(base, name, args) => {
            out.push('(');
            write_expr(out, base);
            let _ = write!(out, ".{}", name.text);
            write_args(out, args);
            out.push(')');
        }
        ExprKind::Start { template, index, args } => {
            let _ = write!(out, "(start {}", template.text);
            if let Some(index) = index {
                out.push('[');
                write_expr(out, index);
                out.push(']');
            }
            write_args(out, args);
            out.push(')');
        }
        _ => {}
    }
}

fn write_text(out: &mut String, parts: &[StrPart]) {
    match parts {
        [] => out.push_str("\"\""),
        [StrPart::Text(text)] => {
            let _ = write!(out, "{text:?}");
        }
        _ => {
            out.push_str("(text");
            for part in parts {
                out.push(' ');
                match part {
                    StrPart::Text(text) => {
                        let _ = write!(out, "{text:?}");
                    }
                    StrPart::Expr(expr) => write_expr(out, expr),
                }
            }
            out.push(')');
        }
    }
}
