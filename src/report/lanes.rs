//! Lanes as text, for a terminal of a given width.
//!
//! Answers for: no line is wider than it may be, whatever script it is in; where the columns would be too narrow to be
//! read, the actor's name stands in front instead. Never decides on an order.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::datum::Shown;
use super::outline;
use crate::trace::{Lanes, Trace};

/// Columns narrower than this, or than their actor's name up to a length, are not worth having.
const COLUMN_MIN: usize = 12;
const NAME_MAX: usize = 16;
/// No wider than this for its texts: they may run over the columns to the right.
const COLUMN_MAX: usize = 36;
/// Blanks between columns.
const GAP: usize = 2;
/// What stands for the rest of a text that was cut.
const CUT: char = '…';

/// A trace in lanes: a column an actor, a row an event with its number in the actor's order in front.
pub fn lanes(trace: &Trace, width: usize) -> String {
    let lanes = Lanes::new(trace);
    let shown = Shown::new(trace);
    let text = |event: usize| {
        let event = trace.events().get(event)?;
        Some((event.place.seq, outline::text(trace, &shown, event)?))
    };
    let rows: Vec<_> = lanes.rows.iter().map(|row| (row.column, text(row.event).unwrap_or_default())).collect();
    let names: Vec<&str> = lanes.columns.iter().map(|lane| trace.actor_name(lane.actor)).collect();
    let digits = rows.iter().map(|(_, (number, _))| number.to_string().len()).max().unwrap_or(1);
    let mut wanted: Vec<Wanted> = names.iter().map(|name| Wanted::by(name)).collect();
    for (column, (_, text)) in &rows {
        if let Some(wanted) = wanted.get_mut(*column) {
            wanted.width = wanted.width.max(text.width().min(COLUMN_MAX));
        }
    }
    let room = width.saturating_sub(digits + GAP);
    match shares(&wanted, room) {
        Some(columns) => in_columns(&lanes, &names, &rows, digits, &columns, width),
        None => in_front(&names, &rows, digits, width),
    }
}

type Rows = [(usize, (u32, String))];

/// How wide a column would be, and how wide it must be.
#[derive(Clone, Copy)]
struct Wanted {
    width: usize,
    least: usize,
}

impl Wanted {
    fn by(name: &str) -> Wanted {
        Wanted { width: name.width(), least: name.width().clamp(COLUMN_MIN, NAME_MAX) }
    }
}

/// How wide each column may be: as it would be, if all fit; else none wider than it must. None if that is too narrow.
fn shares(wanted: &[Wanted], room: usize) -> Option<Vec<usize>> {
    let mut room = room.checked_sub(GAP * wanted.len().saturating_sub(1))?;
    let mut by_width: Vec<usize> = (0..wanted.len()).collect();
    by_width.sort_by_key(|column| wanted.get(*column).map(|wanted| wanted.width));
    let mut columns = vec![0; wanted.len()];
    for (done, column) in by_width.into_iter().enumerate() {
        let (share, own) = (room / (wanted.len() - done), wanted.get(column)?);
        if own.width > share && own.least > share {
            return None;
        }
        let width = own.width.min(share);
        *columns.get_mut(column)? = width;
        room -= width;
    }
    Some(columns)
}

/// The text of a row begins in its actor's column and may run over those to its right, which are empty in that row.
fn in_columns(lanes: &Lanes, names: &[&str], rows: &Rows, digits: usize, columns: &[usize], width: usize) -> String {
    let mut starts = Vec::new();
    let mut at = digits + GAP;
    for column in columns {
        starts.push(at);
        at += column + GAP;
    }
    let mut out = String::new();
    let mut head = Line::default();
    for ((name, start), column) in names.iter().zip(&starts).zip(columns) {
        head.put(*start, name, *column);
    }
    head.end(&mut out);
    for (at, (column, (number, text))) in rows.iter().enumerate() {
        let mut line = Line::default();
        line.put(0, &format!("{number:>digits$}"), digits);
        for (other, start) in starts.iter().enumerate() {
            if other == *column {
                line.put(*start, text, width.saturating_sub(*start));
            } else if lanes.columns.get(other).is_some_and(|lane| lane.rows.contains(&at)) {
                line.put(*start, "│", 1);
            }
        }
        line.end(&mut out);
    }
    out
}

/// One line an event, the actor's name in front.
fn in_front(names: &[&str], rows: &Rows, digits: usize, width: usize) -> String {
    let longest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let widest = longest.min((width / 3).max(4));
    let mut out = String::new();
    for (column, (number, text)) in rows {
        let mut line = Line::default();
        line.put(0, names.get(*column).copied().unwrap_or_default(), widest);
        line.put(widest + GAP, &format!("{number:>digits$}"), digits);
        let start = widest + digits + 2 * GAP;
        line.put(start, text, width.saturating_sub(start));
        line.end(&mut out);
    }
    out
}

/// A line in the making.
#[derive(Default)]
struct Line {
    text: String,
    width: usize,
}

impl Line {
    /// Puts a text at a column, cut to a width. What would stand on what is there already is left out.
    fn put(&mut self, start: usize, text: &str, room: usize) {
        if start < self.width + usize::from(self.width > 0) || room == 0 {
            return;
        }
        self.text.extend(std::iter::repeat_n(' ', start - self.width));
        let text = fit(text, room);
        self.width = start + text.width();
        self.text.push_str(&text);
    }

    fn end(self, out: &mut String) {
        out.push_str(self.text.trim_end());
        out.push('\n');
    }
}

/// A text, cut to a width.
pub(super) fn fit(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.into();
    }
    let mut out = String::new();
    let mut width = CUT.width().unwrap_or(1);
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        if width > room {
            break;
        }
        out.push(c);
    }
    out.push(CUT);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_to_what_fits() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("子进程", 6), "子进程");
        assert_eq!(fit("子进程", 5), "子进…");
        assert_eq!(fit("子进程", 4), "子…");
    }

    #[test]
    fn columns_share_what_there_is() {
        let shares = |widths: &[usize], room| {
            let wanted: Vec<Wanted> = widths.iter().map(|width| Wanted { width: *width, least: 10 }).collect();
            shares(&wanted, room)
        };
        assert_eq!(shares(&[5, 10], 40), Some(vec![5, 10]));
        assert_eq!(shares(&[5, 50, 60], 69), Some(vec![5, 30, 30]));
        assert_eq!(shares(&[20, 20, 20], 33), None);
        assert_eq!(shares(&[], 40), Some(vec![]));
    }
}
