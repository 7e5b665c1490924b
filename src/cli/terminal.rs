//! The terminal that standard output goes to.
//!
//! Answers for: how wide it is. Never writes to it.

/// The width where there is no terminal.
const WIDTH: u16 = 100;

/// How many columns there are.
pub(super) fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    let columns = size.map(|size| size.ws_col).ok().filter(|columns| *columns > 0);
    usize::from(columns.unwrap_or(WIDTH))
}
